import { globSync } from 'tinyglobby';
import { findForbiddenImports } from './arrows.ts';
import { findCycles } from './cycles.ts';
import { findDuplicateNames } from './duplicate-names.ts';
import { readModules, type SourceModule } from './read-modules.ts';
import { readWalks, type Walk } from './walks.ts';
import { findLongSentences, findWordsInComments, findWordsInPages, findWordsInStrings, readPage } from './words.ts';

const root = new URL('../../', import.meta.url);
const shipped = ['src', 'kvs', 'functions', 'origin', 'client', 'local', 'scripts', 'api'];
const maxLines = 350;
const maxCommentColumns = 120;

export interface Structure {
  /** Findings by the figure's name: what there should be none of. */
  findings: Record<FindingKind, string[]>;
  files: number;
  lines: number;
  folders: number;
  walks: Walk[];
}

export type FindingKind =
  | 'forbidden imports'
  | 'cycles'
  | 'duplicate names'
  | 'long files'
  | 'wide comments'
  | 'words in strings'
  | 'words in comments'
  | 'words in pages'
  | 'long sentences';

/** The figures that `npm run structure` prints and test/unit/structure.test.ts holds. */
export async function measureStructure(): Promise<Structure> {
  const modules = readModules([...shipped, 'bench', 'test']);
  const written = [...modules, ...readModules(['examples'])];
  const product = modules.filter(({ path }) => shipped.includes(path.split('/')[0] ?? ''));
  const src = product.filter(({ path }) => path.startsWith('src/'));
  const pages = globSync(
    [
      '**/*.{md,html,css,mjs,js,sh,yaml,yml,service}',
      '.github/**/*.{mjs,yml}',
      '.changeset/*.{md,mjs}',
      'deploy/Dockerfile*',
      'origin/**/Dockerfile*',
      '!**/{node_modules,dist}/**',
      // Functions of other people, and inputs of tests.
      '!test/fixtures/**',
      // Reports of accounts, with the texts of AWS.
      '!docs/conformance/**',
    ],
    { cwd: root.pathname },
  );
  return {
    findings: {
      'forbidden imports': findForbiddenImports(product),
      cycles: findCycles(modules).map((group) => group.join(' ')),
      'duplicate names': findDuplicateNames(product),
      'long files': product.filter(({ lines }) => lines > maxLines).map(({ path, lines }) => `${path}: ${lines} lines`),
      'wide comments': written.flatMap(findWideComments),
      'words in strings': await findWordsInStrings(written),
      'words in comments': findWordsInComments(written),
      'words in pages': findWordsInPages(pages.toSorted()),
      'long sentences': findLongSentences(
        pages
          .filter((path) => path.endsWith('.md'))
          .toSorted()
          .map(readPage),
      ),
    },
    files: src.length,
    lines: src.reduce((sum, { lines }) => sum + lines, 0),
    folders: new Set(src.map(({ path }) => path.slice(0, path.lastIndexOf('/')))).size,
    walks: readWalks(modules),
  };
}

/** Comments on lines of their own, except addresses and the linter's comments, which have no other line to go on. */
function findWideComments({ path, text }: SourceModule): string[] {
  return text.split('\n').flatMap((line, index) => {
    const isComment = /^\s*(?:\/\/|\/\*\*|\* )/.test(line) && !/biome-ignore|https?:\/\//.test(line);
    return isComment && line.length > maxCommentColumns ? [`${path}:${index + 1}: ${line.length} columns`] : [];
  });
}
