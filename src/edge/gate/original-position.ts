import { SourceMap, type SourceMapPayload } from 'node:module';

/** A version 3 source map, parsed; esbuild's with `sourcesContent` or without. */
export type SourceMapJson = Pick<SourceMapPayload, 'version' | 'sources' | 'names' | 'mappings'> & Partial<SourceMapPayload>;

export interface OriginalPosition {
  file: string;
  line: number;
  column: number;
}

/** Leads from a line and column of the code, both from 1, to where a person wrote it; undefined where the map has nothing. */
export function openOriginalPositions(json: SourceMapJson | undefined): (line: number, column: number) => OriginalPosition | undefined {
  if (json === undefined) return () => undefined;
  const map = new SourceMap({ file: '', sourcesContent: [], sourceRoot: '', ...json });
  return (line, column) => {
    const entry = map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry) || entry.originalSource === undefined) return undefined;
    return { file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  };
}
