import { type CheckFinding, ok, warn, worstOf } from '../check.ts';
import type { Diagnosis } from '../doctor.ts';
import { examineView, judgeMethods, judgePlannedDistribution, viewChecks } from './distribution-checks.ts';
import {
  listPlannedDistributions,
  openPlannedPolicies,
  type PlannedDistribution,
  type PlannedDistributions,
} from './planned-distribution.ts';
import type { TerraformPlan } from './read-plan.ts';
import { judgePlannedFunction, judgePlannedKeys, judgePlannedStore, type ResourceFacts } from './resource-checks.ts';

/** What a check of a plan needs beside the plan. */
export type PlanCheckFacts = ResourceFacts;

interface PlanCheck {
  id: string;
  /** One sentence: what goes wrong otherwise. */
  why: string;
  examine(facts: PlanCheckFacts, distributions: PlannedDistributions): Promise<readonly CheckFinding[]>;
}

/** In the order of the report: what the plan covers, the distribution, the function, the store. */
export const planChecks: readonly PlanCheck[] = [
  {
    id: 'plan',
    why: 'This command cannot see what the plan does not contain.',
    examine: async ({ plan }, distributions) => judgeCoverage(plan, distributions),
  },
  {
    id: 'distribution',
    why: 'Without it no viewer is served, and CloudFront refuses some changes only while they are applied.',
    examine: eachOf(async (planned) => judgePlannedDistribution(planned)),
  },
  ...viewChecks.map(
    (each): PlanCheck => ({
      id: each.check.id,
      why: each.check.why,
      examine: (facts, { ours }) => {
        const policies = openPlannedPolicies(facts.plan);
        return eachOf((planned) => examineView(each, planned, policies))(facts, { ours, missing: [] });
      },
    }),
  ),
  {
    id: 'allowed-methods',
    why: 'CloudFront refuses a method that the behavior does not allow, for all origins.',
    examine: eachOf(async (planned) => judgeMethods(planned)),
  },
  {
    id: 'function',
    why: 'One publisher owns the code. A second one brings old code back, and no test has seen it.',
    examine: (facts) => judgePlannedFunction(facts),
  },
  {
    id: 'store',
    why: 'The store has the record that routes viewers. Nothing else remembers a failover.',
    examine: async (facts) => judgePlannedStore(facts),
  },
  {
    id: 'store-keys',
    why: 'Terraform writes back what its configuration says, in the middle of an outage, too.',
    examine: async (facts) => judgePlannedKeys(facts),
  },
];

/** Checks a plan before its apply. Reads no account; the diagnoses are in the order of the checks. */
export async function checkTerraformPlan(checks: readonly PlanCheck[], facts: PlanCheckFacts): Promise<Diagnosis[]> {
  const distributions = listPlannedDistributions(facts.plan, facts.config);
  const diagnoses: Diagnosis[] = [];
  for (const { id, why, examine } of checks) {
    const findings = (await examine(facts, distributions)).map((each) => hideSecrets(each, facts));
    if (findings.length > 0) diagnoses.push({ check: id, outcome: worstOf(findings.map(({ outcome }) => outcome)), why, findings });
  }
  return diagnoses;
}

function eachOf(examine: (planned: PlannedDistribution) => Promise<readonly CheckFinding[]>): PlanCheck['examine'] {
  return async (_facts, { ours }) => (await Promise.all(ours.map(examine))).flat();
}

function judgeCoverage(plan: TerraformPlan, { ours, missing }: PlannedDistributions): CheckFinding[] {
  const findings: CheckFinding[] = [];
  const other = 'run it on the plan of the configuration that has the distribution';
  if (plan.isPartial)
    findings.push(
      warn(
        'the plan is not complete: it stopped at an error, or defers changes to a later plan',
        'complete it, and run this on the last plan, too',
      ),
    );
  for (const id of missing) findings.push(warn(`the plan does not have distribution ${id}, so its changes are not checked`, other));
  if (ours.length === 0 && missing.length === 0)
    findings.push(warn('no distribution in the plan has an origin of edge.config.ts or runs the edge function', other));
  const foreign = plan.changes.find(({ type, action }) => action !== 'none' && /^awscc_cloudfront_/.test(type));
  if (foreign !== undefined)
    findings.push(
      warn(`${foreign.address} is of the provider awscc, whose resources are not checked`, 'use the provider hashicorp/aws for it'),
    );
  const { resources, changed } = plan.counts;
  return findings.length > 0 ? findings : [ok(`${plan.path}: ${changed} of ${resources} resources change`)];
}

/** Origin ids and names of edge.config.ts are no secrets, also where Terraform marks the whole block as sensitive. */
function hideSecrets(finding: CheckFinding, { plan, config }: PlanCheckFacts): CheckFinding {
  const open = new Set([
    config.functionName,
    config.keyValueStoreName,
    ...Object.values(config.origins).flatMap((own) => [own.originId, own.region, own.domainName]),
  ]);
  const found = [...plan.secrets]
    .filter((secret) => !open.has(secret))
    .reduce((text, secret) => text.replaceAll(secret, '(sensitive)'), finding.found);
  return { ...finding, found };
}
