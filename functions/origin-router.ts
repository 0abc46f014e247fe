import { areFew, countries, countriesFromM, countriesToL, maxRecordLength, onlyPairs, perRequestFailover, routes } from 'virtual:routes';
import cf from 'cloudfront';
import type { okRecord } from '../kvs/health-record.ts';
import type { healthKey } from '../kvs/keys.ts';
import { keepOrigins } from './lib/keep-origins.ts';

/**
 * Viewer request: chooses the origin by the viewer's country and the health record. Whatever goes wrong, the request is returned and the
 * behavior's own origin serves it: a function that throws is a 503 for every viewer.
 */
export async function handler(event: CloudFrontRequestEvent): Promise<CloudFrontRequest> {
  // A key is missing for moments while it changes, and a read may fail: every origin then counts as healthy.
  let record: string = 'ok' satisfies typeof okRecord;
  try {
    record = await cf.kvs().get('health' satisfies typeof healthKey);
  } catch (_error) {}
  try {
    route(event.request, record, event);
  } catch (_error) {}
  return event.request;
}

/** Calls exactly one origin helper. Apart from `handler`, since a small async function is the cheaper one. */
function route(request: CloudFrontRequest, record: string, event: CloudFrontRequestEvent): void {
  const headers = request.headers;
  delete headers['x-region'];
  delete headers['x-origin-route'];
  const country = (headers['cloudfront-viewer-country'] || (0 as never)).value || '';
  const table = areFew ? countries : country < 'M' ? countriesToL : countriesFromM;
  // Entries are three long: text that is not one of them is found nowhere (-1) or across two of them, never at a multiple of 3.
  const at = country.length === 2 ? table.indexOf(country) : -1;
  const group = routes[at % 3 ? 0 : table[at + 2]];
  let kept = group.originIds;
  if (record !== ('ok' satisfies typeof okRecord)) {
    // A longer one is no record: reading it could take longer than CloudFront allows.
    if (!record[maxRecordLength]) kept = keepOrigins(kept, record, event);
    // What is shown in the header: never the record itself, since a control character in it would be a 502 for everybody.
    record = 'weighted';
  }
  const first = kept[0].originId;
  if (perRequestFailover && kept[1] && (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS')) {
    cf.createRequestOriginGroup(onlyPairs ? group : { originIds: kept.slice(0, 2), failoverCriteria: group.failoverCriteria });
  } else {
    cf.selectRequestOriginById(first);
  }
  headers['x-origin-route'] = { value: first + (at % 3 ? ';country=*' : ';country=' + country) + ';health=' + record };
}
