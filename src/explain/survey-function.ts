import { formatHealthRecord, okRecord } from '../../kvs/health-record.ts';
import { type Asked, askFunction } from './ask-function.ts';
import type { Decision } from './decision.ts';
import { type Country, everyCountry } from './iso-countries.ts';
import { someIp } from './viewer-event.ts';

/** A state of the store, and the methods that are tried in it. */
export interface Situation {
  title: string;
  record: string;
  methods: readonly string[];
}

/** What a function decides for one kind of request. */
export interface Answer {
  situation: Situation;
  method: string;
  country: Country;
  decision: Decision;
}

// GET stands for the methods that a per-request group serves, POST for those that it does not.
const bothKinds = ['GET', 'POST'];

/** Everything well, each origin down by itself, and all of them: where viewers go then is the other half of a route. */
export function listSituations(origins: readonly string[]): Situation[] {
  const at0 = (down: readonly string[]) => formatHealthRecord(down.map((origin) => ({ origin, weight: 0 })));
  return [
    { title: 'every origin well', record: okRecord, methods: bothKinds },
    ...origins.map((origin) => ({ title: `${origin} down`, record: at0([origin]), methods: ['GET'] })),
    ...(origins.length > 1 ? [{ title: 'every origin down', record: at0(origins), methods: ['GET'] }] : []),
  ];
}

/** Runs a function for every country in every situation; the answers of two functions stand in the same order. */
export async function surveyFunction(asked: Asked, situations: readonly Situation[]): Promise<Answer[]> {
  const cases = situations.flatMap((situation) =>
    situation.methods.flatMap((method) => everyCountry.map((country) => ({ situation, method, country }))),
  );
  const decisions = await askFunction(
    asked,
    cases.map(({ situation, method, country }) => ({ viewer: { country, method, ip: someIp }, record: situation.record })),
  );
  return cases.map((each, index) => ({ ...each, decision: decisions[index] as Decision }));
}
