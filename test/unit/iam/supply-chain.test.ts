import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

// What runs beside a role must be what was reviewed: a tag can be moved, a commit and a digest cannot.

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Workflow {
  jobs: Record<string, { environment?: string; container?: string; permissions?: Record<string, string>; steps: Step[] }>;
}

const folder = '.github/workflows';
const workflows = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
const jobs = workflows.flatMap(({ name, text }) =>
  Object.entries((parse(text) as Workflow).jobs).map(([job, content]) => ({ name: `${name} ${job}`, ...content })),
);
const withRole = jobs.filter(({ permissions }) => permissions?.['id-token'] === 'write');

describe('every workflow', () => {
  it.each(workflows)('$name pins each action by its commit, with the version beside it', ({ text }) => {
    // The action of this repository is of the same commit.
    const lines = text.split('\n').filter((line) => line.includes('uses:') && !/uses: \.\/$/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/uses: (actions|aws-actions)\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('pins images by their digest', () => {
    const dockerfiles = ['deploy/Dockerfile', 'origin/Dockerfile'].map((path) => readFileSync(path, 'utf8'));
    const images = [
      ...jobs.flatMap(({ container }) => (container === undefined ? [] : [container])),
      ...dockerfiles.flatMap((text) => [...text.matchAll(/^FROM (?:--\S+ )?(\S+)/gm)].map(([, image = '']) => image)),
    ];
    expect(images.length).toBeGreaterThan(4);
    for (const image of images) expect(image).toMatch(/^[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });
});

describe('a job that holds a role', () => {
  it('has an environment of its own, by which the role knows it, except the reader', () => {
    expect(withRole.map(({ name, environment }) => [name, environment])).toEqual([
      ['deploy-regions.yml build', 'images'],
      ['deploy-regions.yml singapore', 'singapore'],
      ['deploy-regions.yml europe', 'europe'],
      ['edge.yml explain', undefined],
      ['edge.yml publish', 'publish'],
      ['health-flipper.yml flip', 'flipper'],
      ['release.yml publish', 'npm'],
    ]);
  });

  it('restores no cache, which other jobs could have filled, and runs no install script', () => {
    for (const { steps } of withRole) {
      expect(steps.filter((step) => step.with?.['cache'] !== undefined)).toEqual([]);
      for (const { run = '' } of steps) if (run.includes('npm ci')) expect(run).toContain('--ignore-scripts');
    }
  });
});

it('Dependabot moves the pins', () => {
  const { updates } = parse(readFileSync('.github/dependabot.yml', 'utf8')) as { updates: { 'package-ecosystem': string }[] };
  expect(updates.map((each) => each['package-ecosystem']).sort()).toEqual(['docker', 'github-actions', 'npm']);
});
