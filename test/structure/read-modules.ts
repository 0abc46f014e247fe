import { existsSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { globSync } from 'tinyglobby';

/** A source file: what it imports, types included, and the names it exports. Paths are those of the repository. */
export interface SourceModule {
  path: string;
  text: string;
  lines: number;
  /** Files of this repository. */
  imports: string[];
  /** Packages and `node:` modules. */
  packages: string[];
  exports: string[];
}

const root = new URL('../../', import.meta.url);
const statement = /^(?:import|export)\s(?:[^'"`;]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;
const declared =
  /^export (?:default )?(?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type|namespace) ([A-Za-z_$][\w$]*)/gm;

/** Every TypeScript file below these folders. */
export function readModules(folders: readonly string[]): SourceModule[] {
  const paths = globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: root.pathname, ignore: ['test/fixtures/**'] },
  );
  return paths.toSorted().map((path) => {
    const text = readFileSync(new URL(path, root), 'utf8');
    const found = [...text.matchAll(statement)].map(([, named, dynamic]) => named ?? dynamic ?? '');
    const files = found.filter((specifier) => specifier.startsWith('.')).map((specifier) => posix.join(dirname(path), specifier));
    return {
      path,
      text,
      lines: text.trimEnd().split('\n').length,
      imports: [...new Set(files.filter((file) => existsSync(new URL(file, root))))],
      packages: found.filter((specifier) => !specifier.startsWith('.')),
      exports: [...text.matchAll(declared)].map(([, name]) => name ?? ''),
    };
  });
}
