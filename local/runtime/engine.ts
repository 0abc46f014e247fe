import type { FunctionRuntime, RunInput, StoreView } from '../../src/edge/execution.ts';
import { failedExecution, judgeRun } from '../../src/edge/judge/judge.ts';
import { findNjsNeeds, isIntegerLike } from '../../src/edge/njs/needs-njs.ts';
import { openNjsRuntime } from '../../src/edge/njs/njs.ts';
import { EdgeError } from '../../src/errors.ts';
import { type FunctionRuntimeOptions, openFunctionRuntime, openRefusals, refuse } from './function-runtime.ts';

/**
 * workerd is fast, but V8. njs is CloudFront's engine by all evidence, but needs a process per request. `auto` uses njs
 * where V8 may differ from it.
 */
export type Engine = 'auto' | 'workerd' | 'njs';

export interface EngineOptions extends FunctionRuntimeOptions {
  engine: Engine;
  /**
   * The path of njs, see `findNjs`. `njs` needs it, otherwise TOOL_MISSING. `auto` runs without it and logs where it
   * would matter.
   */
  njs: string | undefined;
}

type CheckSyntax = NonNullable<FunctionRuntimeOptions['checkSyntax']>;

/** Processes at once; each uses a processor for some milliseconds. */
const maxProcesses = 4;

/** Opens the runtime of the local edge. */
export async function openEngine({ engine, njs, ...options }: EngineOptions): Promise<FunctionRuntime> {
  if (engine === 'njs') return openNjsEngine(njs, options);
  if (engine === 'workerd') return openFunctionRuntime(options);
  const { log = () => {} } = options;
  const [fast, exact] = [await openFunctionRuntime(options), njs === undefined ? undefined : openNjsEngine(njs, options)];
  const needs = openNeeds(options.checkSyntax ?? (() => []), log, exact !== undefined);
  return {
    run: (input) => ((needs(input) || isForNjs(input)) && exact !== undefined ? exact.run(input) : fast.run(input)),
    close: async () => {
      await Promise.all([fast.close(), exact?.close()]);
    },
  };
}

/**
 * A process for each run, so that runs share nothing. It has no file system, compiles no text, and is stopped at the
 * time limit.
 */
function openNjsEngine(njs: string | undefined, options: FunctionRuntimeOptions): FunctionRuntime {
  const { timeLimitMs = 1_000, now = Date.now, checkSyntax = () => [], judge = judgeRun } = options;
  if (njs === undefined) throw new EdgeError('TOOL_MISSING', 'njs is not on PATH', { hint: 'apt-get install njs, or --engine workerd' });
  const runtime = openNjsRuntime({ njs, judge, timeLimitMs, now });
  const refusal = openRefusals((code) => refuse(code, checkSyntax));
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    run: async (input) => {
      const refused = refusal(input.source);
      if (refused !== undefined) return failedExecution(`SyntaxError: ${refused}`);
      if (running === maxProcesses) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      try {
        return await runtime.run(input);
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
    close: () => runtime.close(),
  };
}

/** Whether a source needs njs; logs it once per source. */
function openNeeds(checkSyntax: CheckSyntax, log: (line: string) => void, hasNjs: boolean): (input: RunInput) => boolean {
  const known = new Map<string, boolean>();
  return ({ source: { code, sha256 } }) => {
    const before = known.get(sha256);
    if (before !== undefined) return before;
    const noted = checkSyntax(code).find(({ needsNjs }) => needsNjs === true);
    const first = findNjsNeeds(code)[0] ?? (noted && { line: noted.line, what: noted.found });
    if (known.size > 1_000) known.clear();
    known.set(sha256, first !== undefined);
    if (first !== undefined)
      log(
        hasNjs
          ? `njs runs the function, slower but exact: line ${first.line} has ${first.what}`
          : `the function may behave differently at CloudFront: line ${first.line} has ${first.what}; install njs to see how`,
      );
    return first !== undefined;
  };
}

const enumerates = /\bin\b|\b(?:keys|entries|values|stringify|assign)\b/;
const astralText = /%f[0-4]/i;
const integerKey = /"(?:0|[1-9]\d*)"\s*:/;

/**
 * Whether V8 treats this event or the store differently: it lists names that look like integers first, and counts a
 * character beyond U+FFFF as two.
 */
function isForNjs({ event: { request }, store, rawQueryString = '', source }: RunInput): boolean {
  for (const name in request.querystring) if (isIntegerLike(name)) return true;
  for (const name in request.cookies) if (isIntegerLike(name) || astralText.test(request.cookies[name]?.value ?? '')) return true;
  if (astralText.test(request.uri) || astralText.test(rawQueryString)) return true;
  return store !== undefined && hasSpecialValue(store) && enumerates.test(source.code);
}

const specialStores = new WeakMap<StoreView['values'], boolean>();

function hasSpecialValue({ values }: StoreView): boolean {
  let found = specialStores.get(values);
  if (found === undefined) {
    found = [...values.values()].some((value) => integerKey.test(value) || /[\ud800-\udfff]/.test(value));
    specialStores.set(values, found);
  }
  return found;
}
