import after from 'virtual:after';
import before from 'virtual:before';
import {
  agePercent,
  canRetry,
  firstAttempt,
  hasAccessLog,
  hasAliases,
  hasKeyPrefix,
  hasServices,
  hasShares,
  hasSubdivisions,
  hasTester,
  ids,
  maxRecordLength,
  onlyPairs,
  perRequestFailover,
  places,
  prefixedHealthKey,
  retryHeader,
  routes,
  serviceOf,
} from 'virtual:routes';
import { afterTakesEvent, beforeTakesEvent, hasAfter, hasBefore } from 'virtual:team';
import cf from 'cloudfront';
import type { labelEnd, labelLength, okRecord } from '../kvs/health-record.ts';
import type { healthKey } from '../kvs/keys.ts';
import { crypto } from './lib/crypto.ts';
import { bucket, keepOrigins } from './lib/keep-origins.ts';
import { testerOrigin } from './lib/tester-origin.ts';

/**
 * Viewer request: chooses the origin by the path, the viewer's country and the health record. Whatever fails, the
 * request is returned and the behavior's own origin serves it: a function that throws is a 503 for every viewer.
 *
 * Only what the team's own code throws is thrown here, too, as from that code alone: a request whose check failed must
 * not reach an origin.
 */
export async function handler(event: CloudFrontRequestEvent): Promise<CloudFrontResult> {
  if (hasBefore) {
    // The viewer's path chooses the service, as it chose the behavior.
    if (hasServices) event.path = event.request.uri;
    let given = beforeTakesEvent ? before(event) : before(event.request, event);
    // A wait costs as much as a read of the store.
    if (given && (given as Promise<CloudFrontResult>).then) given = await given;
    // A response, or what CloudFront refuses: there is nothing to route.
    if (!given || (given as CloudFrontResponse).statusCode) return given as CloudFrontResponse;
    event = withRequest(event, given as CloudFrontRequest);
  }
  // A key is missing for moments while it changes, and a read may fail: every origin then counts as healthy.
  let record: string = 'ok' satisfies typeof okRecord;
  try {
    // A path of no service needs no read. The key is noted on the event: an argument would change the function of a
    // team without services. esbuild leaves a trace of a statement that it takes out, but none of an expression.
    // biome-ignore-start lint: as above.
    record =
      (hasTester && (event.forced = testerOrigin(event.request)), hasServices) &&
      !(hasAccessLog
        ? (event.service = places[(event.name = serviceOf(hasBefore ? (event.path as string) : event.request.uri))] as never)
        : (event.service = serviceOf(hasBefore ? (event.path as string) : event.request.uri)))
        ? record
        : await cf.kvs().get(hasKeyPrefix ? prefixedHealthKey : ('health' satisfies typeof healthKey));
    // biome-ignore-end lint: as above.
    if (agePercent && Math.random() * 100 < agePercent && (!hasServices || event.service)) {
      const meta = await cf.kvs().meta();
      event.age = ';age=' + (Date.now() - Date.parse(meta.lastUpdatedDateTime));
    }
  } catch (_error) {}
  // It passes through: the behavior's own origin serves it.
  const request =
    hasServices && !event.service
      ? event.request
      : hasAccessLog
        ? route(event, record < ('$' satisfies typeof labelEnd) ? record.slice(11 satisfies typeof labelLength) : record, record)
        : route(event, record);
  return hasAfter ? (afterTakesEvent ? after(withRequest(event, request)) : after(request, event)) : request;
}

/** The event as the next function gets it: the function before may have returned another object. */
function withRequest(event: CloudFrontRequestEvent, given: CloudFrontRequest): CloudFrontRequestEvent {
  if (event.request === given) return event;
  return { version: event.version, context: event.context, viewer: event.viewer, path: event.path, request: given };
}

/**
 * Calls exactly one origin helper. Apart from `handler`, since a small async function is the cheaper one. `line` is the
 * end of the access log's line: the record as it was read, with the number of its flip.
 */
function route(event: CloudFrontRequestEvent, record: string, line?: string): CloudFrontRequest {
  const request = event.request;
  try {
    const headers = request.headers;
    let country = (headers['cloudfront-viewer-country'] || (0 as never)).value;
    if (hasSubdivisions) {
      const subdivision = country + '-' + (headers['cloudfront-viewer-country-region'] || (0 as never)).value;
      if (places[hasServices ? event.service + subdivision : subdivision] >= 0) country = subdivision;
    }
    // A country that no route names, or a text that names none, finds no route.
    // biome-ignore-start lint: an `if` in its place costs 20,000 instructions of loading.
    let group = hasServices
      ? routes[places[event.service + country]] || routes[places[event.service + (country = '*')]]
      : routes[places[country]] || ((country = '*'), routes[0]);
    // biome-ignore-end lint: as above.
    if (hasShares && group.upTo) {
      // Two other bytes of the hash than the bucket's: if both came from one, a weight would take out all viewers of
      // one share before any of the next.
      const digest = crypto.createHash('md5').update(event.viewer.ip).digest();
      const position = digest[1] * 256 + digest[2];
      // A variable of its own for the share costs 120 instructions.
      while (position >= (group.upTo as number)) group = group.next as typeof group;
      group = group.group as typeof group;
    }
    let kept = group.originIds;
    if (record === ('ok' satisfies typeof okRecord)) {
      record = ';health=ok';
    } else {
      // A longer record counts as missing: reading it could take longer than CloudFront allows.
      if (!record[maxRecordLength]) {
        kept = keepOrigins(kept, record, event);
        if (hasAccessLog) line += ';' + bucket;
      }
      // What the header shows: never the record itself, since a control character in it would be a 502 for every
      // viewer.
      record = ';health=weighted';
    }
    // A client that tries again says so: its next try goes to the next origin that the record leaves.
    // Texts are compared, since a pattern would be too dear.
    if (canRetry && headers[retryHeader] && headers[retryHeader].value > firstAttempt && kept[1]) {
      kept = onlyPairs ? [kept[1]] : kept.slice(1);
      if (hasAccessLog) line += ';retry';
    }
    // A tester sees an origin that the record takes out, alone: that is what the test is for.
    // biome-ignore-start lint: an expression, as above.
    const first =
      hasTester && event.forced ? ((record = ';tester'), hasAccessLog && (line += ';tester'), (kept = [event.forced])[0]) : kept[0];
    // biome-ignore-end lint: as above.
    if (perRequestFailover && kept[1] && places[request.method] < 0) {
      cf.createRequestOriginGroup(
        hasAliases
          ? { originIds: [ids[first], ids[kept[1]]], failoverCriteria: group.failoverCriteria }
          : onlyPairs
            ? group
            : { originIds: kept.slice(0, 2), failoverCriteria: group.failoverCriteria },
      );
    } else {
      cf.selectRequestOriginById(hasAliases ? ids[first] : first);
    }
    // Overwrites a viewer's own. `x-region` needs no such care: CloudFront overwrites it with the custom header of the
    // chosen origin.
    headers['x-origin-route'] = { value: first + ';country=' + country + record };
    // Last: where it fails the origin is chosen, and a try of its own would cost 400 instructions.
    if (hasAccessLog) cf.logCustomData((hasServices ? event.name + '/' + first : first) + ';' + line + (agePercent ? event.age || '' : ''));
  } catch (_error) {
    delete (request.headers || (0 as never))['x-origin-route'];
  }
  return request;
}
