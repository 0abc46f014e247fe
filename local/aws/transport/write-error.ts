import type { ServiceError } from '../service-error.ts';
import type { WireResponse } from '../wire/encode-response.ts';
import { writeXmlError } from '../wire/write-xml.ts';
import type { Route } from './router.ts';

/** An error as the service words it: an XML document, or JSON with the code in a header. */
export function errorResponse(error: ServiceError, service: Route['service'], requestId: string): WireResponse {
  if (service === 'cloudfront')
    return {
      status: error.status,
      headers: { 'content-type': 'text/xml' },
      body: writeXmlError(error.code, error.message, error.status, requestId),
    };
  const code = /Exception$/.test(error.code) ? error.code : `${error.code}Exception`;
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ Message: error.message }),
  };
}
