import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

// Without it a flipper or a workflow of a configuration with environments fails, and no viewer is moved.
it.each(['edge.yml', 'health-flipper.yml', 'deploy-regions.yml'])('each step of %s that reads the configuration has EDGE_ENV', (name) => {
  const workflow = parse(readFileSync(`.github/workflows/${name}`, 'utf8'), { merge: true });
  type Step = { run?: string; env?: Record<string, string> };
  const steps = Object.values(workflow.jobs as Record<string, { steps: Step[] }>).flatMap((job) => job.steps);
  const reading = steps.filter(({ run = '' }) =>
    /npm run (--silent )?(function:|doctor|flipper|verify|failover|kvs:|distribution:)/.test(run),
  );
  expect(reading.length).toBeGreaterThan(0);
  for (const { run, env } of reading) expect(env?.['EDGE_ENV'], run).toMatch(/^\$\{\{ vars\.EDGE_ENV \}\}$/);
});
