import type { ImportedName } from './wire.ts';

const blank = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)/y;
const importLine = /import\s+([A-Za-z_$][\w$]*)\s+from\s*(['"])([^'"\n]+)\2[ \t]*;?/y;

/**
 * Takes the default imports off the first lines of a function's source, the only place where CloudFront knows them. They are overwritten with
 * spaces, so every other character keeps its line and column; an import of another form stays and is a syntax error, as it is at the edge.
 */
export function readImports(code: string): { body: string; imports: ImportedName[] } {
  const imports: ImportedName[] = [];
  let body = code;
  let at = 0;
  for (;;) {
    at = skip(blank, code, at);
    importLine.lastIndex = at;
    const found = importLine.exec(code);
    if (found === null) return { body, imports };
    imports.push({ name: found[1] ?? '', module: found[3] ?? '' });
    const end = importLine.lastIndex;
    body = body.slice(0, at) + code.slice(at, end).replace(/[^\n]/g, ' ') + body.slice(end);
    at = end;
  }
}

function skip(pattern: RegExp, text: string, from: number): number {
  let at = from;
  pattern.lastIndex = at;
  while (pattern.test(text)) {
    at = pattern.lastIndex;
  }
  return at;
}
