import { SourceMap, type SourceMapPayload } from 'node:module';
import { type AnyNode, getLineInfo, type Program } from 'acorn';
import { checkNames } from './name-rules.ts';
import { parseCode } from './parse-code.ts';
import { type GateFinding, type GateLevel, type GateProblem, levelOf } from './problem.ts';
import { checkRegex } from './regex-rules.ts';
import { bindingsOf, findLateBindings, resolveScopes } from './scopes.ts';
import { checkLiteral, checkModules, checkNode, checkProgram, moduleNames } from './syntax-rules.ts';
import { nameOf, walk } from './syntax-tree.ts';

export interface CheckSyntaxOptions {
  /** The name that problems carry when no source map knows better. */
  file?: string;
  /** Of exactly this code: problems then name the file and line that a person wrote. */
  sourceMap?: SourceMapJson;
}

/**
 * Everything in the code that CloudFront's engine refuses or that AWS's runtime 2.0 page does not list, in the order of
 * the code; see docs/decisions/002-syntax-gate.md.
 */
export function checkSyntax(code: string, options: CheckSyntaxOptions = {}): GateProblem[] {
  return placeFindings(code, findAll(code), options);
}

const helpers = ['selectRequestOriginById', 'createRequestOriginGroup', 'updateRequestOrigin'];

/** Where the code calls an origin helper. */
export function findOriginHelpers(code: string, sourceMap: SourceMapJson): GateProblem[] {
  const parsed = parseCode(code);
  const findings: LeveledFinding[] = [];
  const instead = 'the router chooses the origin of this request, and CloudFront allows one helper in a run: remove the call';
  if ('program' in parsed)
    walk(parsed.program, (node) => {
      if (node.type !== 'MemberExpression' || !helpers.includes(nameOf(node) ?? '')) return;
      findings.push({ start: node.start, end: node.end, rule: 'second-helper', instead, level: 'error' });
    });
  return placeFindings(code, findings, { sourceMap });
}

function placeFindings(code: string, unsorted: readonly LeveledFinding[], options: CheckSyntaxOptions): GateProblem[] {
  const findings = [...unsorted].sort((a, b) => placeOf(a) - placeOf(b) || a.end - b.end);
  const originalOf = openOriginalPositions(options.sourceMap);
  return findings.map((finding) => {
    const { start, end, rule, instead, text, level, needsNjs } = finding;
    const { line, column } = getLineInfo(code, placeOf(finding));
    const last = getLineInfo(code, end);
    const original = originalOf(line, column + 1);
    return {
      level,
      ...(needsNjs && { needsNjs }),
      file: original?.file ?? options.file,
      line: original?.line ?? line,
      column: original?.column ?? column + 1,
      ...(original === undefined && end > start && { endLine: last.line, endColumn: last.column + 1 }),
      found: text ?? cut(code.slice(start, end)),
      rule,
      instead,
    };
  });
}

/** A finding whose level is settled. */
type LeveledFinding = GateFinding & { level: GateLevel };

function placeOf({ at, start }: GateFinding): number {
  return at ?? start;
}

function findAll(code: string): LeveledFinding[] {
  const parsed = parseCode(code);
  if (!('program' in parsed)) return [{ ...parsed, level: 'error' }];
  const { program } = parsed;
  const scopes = resolveScopes(program);
  const bindings = bindingsOf(scopes);
  const context = { bindings, ownMembers: definedMembers(program), ownGlobals: definedGlobals(program) };
  const modules = moduleNames(program);
  const always = [...parsed.findings, ...checkProgram(program), ...findLateBindings(program, scopes)];
  const findings = always.map((finding): LeveledFinding => ({ level: 'error', ...finding }));
  walk(program, (node, ancestors) => {
    const found = [
      ...checkNode(node, ancestors, code),
      ...checkLiteral(node, code),
      ...checkNames(node, ancestors, context),
      ...checkModules(node, ancestors, modules, bindings),
      ...checkRegex(node, ancestors, context),
    ];
    for (const finding of found) findings.push({ ...finding, level: levelOf(finding, node, ancestors) });
  });
  return findings;
}

/** Names that the code gives to members itself, in literals and by assignment. */
function definedMembers(program: Program): Set<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    const name = node.type === 'AssignmentExpression' ? assignedName(node.left) : node.type === 'Property' ? nameOf(node) : undefined;
    if (name !== undefined) names.add(name);
  });
  return names;
}

/** Names that the code makes global itself: `globalThis.state = {}`. */
function definedGlobals(program: Program): Set<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    const target = node.type === 'AssignmentExpression' ? node.left : undefined;
    const isGlobal = target?.type === 'MemberExpression' && target.object.type === 'Identifier' && target.object.name === 'globalThis';
    const name = isGlobal ? nameOf(target) : undefined;
    if (name !== undefined) names.add(name);
  });
  return names;
}

function assignedName(target: AnyNode): string | undefined {
  return target.type === 'MemberExpression' ? nameOf(target) : undefined;
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}

/** A version 3 source map, parsed; esbuild's with `sourcesContent` or without. */
export type SourceMapJson = Pick<SourceMapPayload, 'version' | 'sources' | 'names' | 'mappings'> & Partial<SourceMapPayload>;

interface OriginalPosition {
  file: string;
  line: number;
  column: number;
}

/**
 * Leads from a line and column of the code, both from 1, to where a person wrote it; undefined where the map has
 * nothing.
 */
function openOriginalPositions(json: SourceMapJson | undefined): (line: number, column: number) => OriginalPosition | undefined {
  if (json === undefined) return () => undefined;
  const map = new SourceMap({ file: '', sourcesContent: [], sourceRoot: '', ...json });
  return (line, column) => {
    const entry = map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry) || entry.originalSource === undefined) return undefined;
    return { file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  };
}
