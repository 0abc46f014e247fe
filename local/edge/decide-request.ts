import type { Execution } from '../../src/edge/execution.ts';
import { type Behavior, type EdgePlan, matchBehavior } from './edge-plan.ts';
import { answerError, answerValidationError, type Exchange, eventFrame, eventRequest, runFunction } from './exchange.ts';
import { type EdgeRequest, readRequestOutput } from './function-output.ts';
import { chooseOrigins, type OriginChoice } from './origin-choice.ts';
import { sendGenerated, sendHttpsRedirect } from './viewer-reply.ts';
import { addCloudFrontHeaders } from './viewer-request.ts';

/** What is to be done with a request: under which behavior, in what form, to which origins. */
export interface Decision {
  behavior: Behavior;
  request: EdgeRequest;
  choice: OriginChoice;
}

/** Decides a request: behavior, its rules, its function. Undefined when the viewer has its answer already. */
export async function decideRequest(exchange: Exchange): Promise<Decision | undefined> {
  const { plan } = exchange.context;
  if (plan === undefined) return answerError(exchange, 502, exchange.context.reason);
  const behavior = admit(exchange, plan);
  if (behavior === undefined) return undefined;
  addCloudFrontHeaders(exchange.viewer, behavior.cloudFrontHeaders);
  return choose(exchange, plan, behavior);
}

/** What CloudFront settles before any function runs: the country, the behavior, its protocol and methods. */
function admit(exchange: Exchange, plan: EdgePlan): Behavior | undefined {
  const { viewer, response, marks, record } = exchange;
  if (!plan.enabled) return answerError(exchange, 403, 'the distribution is disabled');
  const behavior = matchBehavior(plan, viewer.path);
  if (behavior === undefined) return answerError(exchange, 502, 'the distribution has no default behavior');
  const geo = plan.geoRestriction;
  if (geo !== undefined && geo.countries.has(viewer.country ?? '') !== geo.allowListed)
    return answerError(exchange, 403, `the distribution's geographic restriction blocks ${viewer.country ?? 'a viewer without a country'}`);
  if (viewer.protocol === 'http' && behavior.viewerProtocolPolicy !== 'allow-all') {
    if (behavior.viewerProtocolPolicy === 'https-only') return answerError(exchange, 403, `behavior ${behavior.pattern} takes https only`);
    record.xCache = 'Redirect from cloudfront';
    const query = viewer.query === undefined ? '' : `?${viewer.query}`;
    sendHttpsRedirect(response, viewer.method, `https://${viewer.host}${viewer.path}${query}`, marks);
    return undefined;
  }
  if (!behavior.allowedMethods.has(viewer.method))
    return answerError(exchange, 403, `behavior ${behavior.pattern} does not allow ${viewer.method}`);
  if (viewer.method === 'GET' && viewer.hasBody) return answerError(exchange, 403, 'a GET request must not have a body');
  return behavior;
}

async function choose(exchange: Exchange, plan: EdgePlan, behavior: Behavior): Promise<Decision | undefined> {
  const { viewer, record } = exchange;
  const { path: uri, query, headers, cookie, querystring, cookies } = viewer;
  let request: EdgeRequest = { kind: 'request', uri, query, headers, cookie, querystring, cookies };
  let call: Execution['originCall'];
  if (behavior.viewerRequestFunction !== undefined) {
    const event = { ...eventFrame(exchange, 'viewer-request'), request: eventRequest(viewer) };
    const execution = await runFunction(exchange, behavior.viewerRequestFunction, event);
    if (execution === undefined) return undefined;
    const output = readRequestOutput(execution.output, viewer, execution.queryNames);
    if (output.kind === 'response') {
      record.xCache = 'FunctionGeneratedResponse from cloudfront';
      sendGenerated(exchange.response, output, viewer.method === 'HEAD', exchange.marks);
      return undefined;
    }
    request = output;
    call = execution.originCall;
    record.decision = request.headers['x-origin-route']?.value;
  }
  const choice = chooseOrigins(plan, behavior.target, call);
  if (choice.kind === 'refused') return answerValidationError(exchange, choice.message);
  if (plan.defaultRootObject !== '' && request.uri === '/') request.uri = `/${plan.defaultRootObject}`;
  return { behavior, request, choice };
}
