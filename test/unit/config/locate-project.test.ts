import { chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { locateProject } from '../../../src/config/open-project.ts';

const stranger = 4_321;
const other = 4_322;
let shared = '';
let here = '';

beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), 'shared-'));
  here = join(shared, 'work');
  mkdirSync(here);
  vi.spyOn(process, 'cwd').mockReturnValue(here);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(shared, { recursive: true });
});

// Only root may give a file to another user.
describe.runIf(process.getuid?.() === 0)('edge.config.ts of another user [optional root, for chown]', () => {
  const write = (file: string, owner: number) => {
    writeFileSync(file, 'throw new Error("loaded")');
    chownSync(file, owner, owner);
  };

  it('is not loaded from a folder above, nor from the working directory', () => {
    write(join(shared, 'edge.config.ts'), stranger);
    expect(() => locateProject({})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('4321') }));
    write(join(here, 'edge.config.ts'), stranger);
    expect(() => locateProject({})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('is not loaded by way of a link, for any owner of link or target', () => {
    const target = join(shared, 'other.ts');
    const link = join(shared, 'edge.config.ts');
    writeFileSync(target, '');
    symlinkSync(target, link);
    expect(locateProject({}).file).toBe(join('..', 'edge.config.ts'));
    lchownSync(link, stranger, stranger);
    expect(() => locateProject({})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    lchownSync(link, 0, 0);
    chownSync(target, stranger, stranger);
    expect(() => locateProject({})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('is loaded where it is named, or where the working directory is that user’s, too', () => {
    const file = join(shared, 'edge.config.ts');
    write(file, stranger);
    expect(locateProject({ EDGE_CONFIG: file }).file).toBe(file);
    expect(locateProject({ EDGE_PROJECT: shared }).file).toBe(file);
    chownSync(here, other, other);
    expect(() => locateProject({})).toThrow();
    chownSync(here, stranger, stranger);
    expect(locateProject({}).file).toBe(join('..', 'edge.config.ts'));
  });
});
