import type { Batch, WireSource, WireStore } from '../wire.ts';
import { RealMap } from './captured.ts';
import { mayTouchRealm } from './realm.ts';

/** Evaluates the whole source again: top-level state belongs to one run. */
type Factory = (console: object, require: (name: unknown) => object, Buffer: unknown) => (...imported: unknown[]) => unknown;

export interface Source {
  factory: Factory | undefined;
  /** The SyntaxError when it does not compile. */
  problem: unknown;
  imports: WireSource['imports'];
  touchesRealm: boolean;
}

export interface Store {
  values: Map<string, string>;
  createdAt: string;
  updatedAt: string;
}

export type Compile = (script: string, name: string, ...parameters: string[]) => unknown;

/** Sources and snapshots that Node has sent and then names by id. */
export const sources = new RealMap<number, Source>();
export const stores = new RealMap<number, Store>();

export function learn(batch: Batch, compile: Compile): void {
  for (let index = 0; index < batch.sources.length; index += 1) {
    const source = batch.sources[index];
    if (source !== undefined) sources.set(source.id, compileSource(source, compile));
  }
  for (let index = 0; index < batch.stores.length; index += 1) {
    const store = batch.stores[index];
    if (store !== undefined) stores.set(store.id, openStore(store));
  }
}

/** Called after the runs: a batch may use what it forgets. */
export function forget(batch: Batch): void {
  for (let index = 0; index < batch.forgetSources.length; index += 1) sources.delete(batch.forgetSources[index] ?? -1);
  for (let index = 0; index < batch.forgetStores.length; index += 1) stores.delete(batch.forgetStores[index] ?? -1);
}

function openStore(store: WireStore): Store {
  const values = new RealMap<string, string>();
  for (let index = 0; index < store.entries.length; index += 1) {
    const entry = store.entries[index];
    if (entry !== undefined) values.set(entry[0], entry[1]);
  }
  return { values, createdAt: store.createdAt, updatedAt: store.updatedAt };
}

/**
 * The source runs inside a function whose parameters are its imports, inside one whose parameters it may shadow with
 * its own `const`. Everything before the source is on its first line, so that line numbers in a stack are correct.
 */
function compileSource(source: WireSource, compile: Compile): Source {
  const known = { imports: source.imports, touchesRealm: mayTouchRealm(source.body) };
  const names = source.imports.map((imported) => imported.name).join(', ');
  const script = `"use strict"; return function (${names}) { ${source.body}\n;return typeof handler === 'function' ? handler : undefined; }`;
  try {
    return { ...known, factory: compile(script, 'function.js', 'console', 'require', 'Buffer') as Factory, problem: undefined };
  } catch (error) {
    return { ...known, factory: undefined, problem: error };
  }
}
