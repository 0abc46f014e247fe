import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { defineCheck, type Finding, fail, problemsOr } from '../check.ts';
import { type JudgedConfig, readJudgedConfig } from '../judged-config.ts';

interface Facts extends JudgedConfig {
  origins: EdgeConfig['origins'];
}

/** Every origin that the router may choose is there, and says where it is. */
export const originsCheck = defineCheck<Facts>({
  id: 'origins',
  why: 'Choosing an origin that the distribution does not have is a 502 for every viewer sent there.',
  gather: async (readers) => ({ ...(await readJudgedConfig(readers)), origins: readers.config.origins }),
  judge: judgeOrigins,
});

function judgeOrigins({ where, config, origins }: Facts): readonly Finding[] {
  const there = new Map((config.Origins?.Items ?? []).map((origin) => [origin.Id, origin]));
  const mend = 'make distribution.json and edge.config.ts agree, then npm run distribution:apply';
  const problems = Object.entries(origins).flatMap(([id, { region }]): Finding[] => {
    const origin = there.get(id);
    if (origin === undefined) return [fail(`${where} has no origin ${id}`, mend)];
    const found = readRegion(origin);
    if (found === region) return [];
    const told = found === undefined ? `origin ${id} gets no x-region header` : `origin ${id} is told that it is ${found}`;
    return [fail(`${where}: ${told}, edge.config.ts says ${region}`, mend)];
  });
  return problemsOr(problems, `${Object.keys(origins).join(', ')}, each with its region`);
}

function readRegion({ CustomHeaders }: NonNullable<NonNullable<DistributionConfig['Origins']>['Items']>[number]): string | undefined {
  return CustomHeaders?.Items?.find(({ HeaderName }) => HeaderName?.toLowerCase() === 'x-region')?.HeaderValue;
}
