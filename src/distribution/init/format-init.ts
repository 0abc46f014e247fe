import { dirname } from 'node:path';
import { defaultBehavior } from '../../config/path-pattern.ts';
import { formatTable, paint } from '../../text/terminal-text.ts';
import { typed } from '../../text/typed.ts';
import { describeChange, formatChanges } from '../format-plan.ts';
import type { Hazard } from '../hazards.ts';
import { functionArn } from '../own-changes.ts';
import type { InitPlan } from './init.ts';
import type { Proposal } from './propose.ts';
import type { DistributionSurvey } from './survey.ts';

/** The plan as JSON. */
export function describeInit({ found, proposal, config, text, adoption, further, before, untouched, notes }: InitPlan) {
  return {
    distribution: { id: found.id ?? null, domainName: found.domainName ?? null, source: found.source },
    origins: proposal.origins.map(({ alias, id, domainName, kind, region }) => ({ alias, id, domainName, kind, region: region ?? null })),
    behaviors: listBehaviors(proposal),
    config,
    text,
    changes: adoption.changes.map(describeChange),
    hazards: adoption.hazards.map(({ kind, message }) => ({ kind, message })),
    further: further.map(({ part, changes, hazards }) => ({
      manage: part,
      changes: changes.map(describeChange),
      hazards: hazards.map(({ kind, message }) => ({ kind, message })),
    })),
    blocked: proposal.blocked,
    before: before ?? null,
    untouched,
    notes,
  };
}

/** What was found, what adoption changes and what it leaves alone. */
export function formatInit(plan: InitPlan, colour: boolean): string[] {
  const { found, proposal, adoption, further, untouched, notes } = plan;
  const bold = (text: string) => paint(colour, 'bold', text);
  const dim = (text: string) => paint(colour, 'dim', text);
  return [
    `distribution ${found.id ?? ''}${found.domainName === undefined ? '' : ` (${found.domainName})`}`,
    '',
    bold('origins that are routed'),
    ...formatTable(
      proposal.origins.map(({ alias, id, domainName, kind, region }) => [
        `  ${alias}`,
        domainName,
        kind,
        region ?? dim('no region in its name'),
        id === alias ? '' : dim(id),
      ]),
    ),
    '',
    bold('behaviors that run the function'),
    ...formatTable(listBehaviors(proposal).map(({ name, order }) => [`  ${nameInList(name)}`, order.join(', then ')])),
    ...proposal.blocked.map(({ problem, hint }) => `  ${paint(colour, 'yellow', '!')} ${problem}: it is left out; ${hint}`),
    '',
    bold('what adoption changes in the distribution'),
    ...(adoption.changes.length === 0 ? ['  nothing: it is adopted already'] : formatChanges(adoption.changes, colour)),
    ...formatHazards(adoption.hazards, colour),
    ...formatBefore(plan),
    ...further.flatMap(({ part, changes, hazards }) => [
      '',
      `${bold('worth changing, too')}, ${dim(`by your own tool, or by ours with manage: ['${part}']`)}`,
      ...formatChanges(changes, colour),
      ...formatHazards(hazards, colour),
    ]),
    '',
    bold('not touched'),
    ...formatTable([
      ['  behaviors', untouched.behaviors.map(nameInList).join(', ') || 'none left'],
      ['  origins', untouched.origins.join(', ') || 'none left'],
      ['  all else', 'certificates, aliases, policies, logging, web ACL, error pages'],
    ]),
    ...(notes.length === 0 ? [] : ['', bold('good to know'), ...notes.map((note) => `  - ${note}`)]),
  ];
}

/** What to do after the file is written. */
export function formatNextSteps(plan: InitPlan, colour: boolean): string[] {
  const { found, adoption, before } = plan;
  if (adoption.changes.length === 0) return ['', `${typed('doctor')} checks what is adopted already`];
  const steps = [
    ...(before === undefined
      ? []
      : [
          `save the team's function, in the folder of edge.config.ts: mkdir -p ${dirname(before.file)} && aws cloudfront get-function --name ${before.functionName} --stage LIVE ${before.file}`,
        ]),
    `${typed('kvs:apply')} creates the store, and ${typed('function:publish')} proves the function and makes it LIVE: no behavior runs it yet`,
    `${typed('distribution:plan')} shows the change above, and ${typed('distribution:apply')} makes it`,
  ];
  return [
    '',
    paint(colour, 'bold', 'next'),
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...(found.source === 'terraform' ? ['', 'in Terraform instead, in the block of each behavior above:', ...formatTerraform(plan)] : []),
  ];
}

/** The association in the language of the tool that owns the distribution. */
function formatTerraform({ adoption, config }: InitPlan): string[] {
  const { live } = adoption;
  const arn = live === undefined ? '' : functionArn(live, config.functionName ?? '');
  return ['    function_association {', '      event_type   = "viewer-request"', `      function_arn = "${arn}"`, '    }'];
}

function formatBefore({ before }: InitPlan): string[] {
  if (before === undefined) return [];
  return [
    `  the team's function ${before.functionName} goes on: it runs in front of the router, from ${before.file} (before in edge.config.ts)`,
  ];
}

function formatHazards(hazards: readonly Hazard[], colour: boolean): string[] {
  return hazards.map(({ kind, message, hint }) => `  ${paint(colour, kind === 'note' ? 'yellow' : 'red', '!')} ${message}; ${hint}`);
}

function listBehaviors({ origins, services }: Proposal): { name: string; service: string; order: string[] }[] {
  const aliasOf = new Map(origins.map(({ id, alias }) => [id, alias]));
  return services.flatMap(({ name: service, behaviors, order }) =>
    behaviors.map(({ name }) => ({ name, service, order: order.map((id) => aliasOf.get(id) ?? id) })),
  );
}

export function nameInList(name: string): string {
  return name === defaultBehavior ? 'Default (*)' : name;
}

/** The origins of a distribution with numbers to choose by. */
export function formatOrigins({ origins, behaviors }: DistributionSurvey): string[] {
  return formatTable(
    origins.map(({ id, domainName, kind, region }, index) => {
      const own = behaviors.filter(({ target }) => target === id).map(({ name }) => nameInList(name));
      return [`  ${index + 1}`, id, id === domainName ? '' : domainName, kind, region ?? '', own.join(' ') || 'no behavior'];
    }),
  );
}
