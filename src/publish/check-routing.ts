import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { countCountries } from '../explain/format-countries.ts';
import type { Country } from '../explain/iso-countries.ts';
import type { Answer } from '../explain/survey-function.ts';

type Routes = Pick<EdgeConfig, 'routes' | 'defaultOrder' | 'perRequestFailover'>;

/**
 * Every answer in which the function does not do what edge.config.ts says, one line per kind; empty when there is none. TestFunction cannot show
 * the chosen origin, so this is asked of the same bytes here. Weights are 0 or 100 in every situation of a survey.
 */
export function checkRouting(answers: readonly Answer[], config: Routes): string[] {
  const found = new Map<string, Country[]>();
  for (const { situation, method, country, decision } of answers) {
    const expected = expectOrigins(config, country, method, situation.record).join(', then ');
    if (decision.route === expected) continue;
    const problem = `${situation.title}, ${method}: edge.config.ts says ${expected}, the function ${decision.failed ? '' : 'chooses '}${decision.route}`;
    found.set(problem, [...(found.get(problem) ?? []), country]);
  }
  return [...found].map(([problem, countries]) => `${countCountries(countries)}: ${problem}`);
}

function expectOrigins(config: Routes, country: Country, method: string, record: string): string[] {
  const route = config.routes.find(({ countries }) => country !== undefined && countries.includes(country));
  const order = route?.order ?? config.defaultOrder;
  const entries = parseHealthRecord(record) ?? [];
  const up = order.filter((origin) => weightAt(entries, origin, 0) > 0);
  const kept = up.length === 0 ? order : up;
  return kept.slice(0, config.perRequestFailover && method === 'GET' ? 2 : 1);
}
