import { origins, testerHash, testerInCookie, testerName } from 'virtual:routes';
import { crypto } from './crypto.ts';

/**
 * The origin that a tester asks for by `europe:secret`; undefined for anyone else. The function knows the secret's hash
 * alone, and comparing hashes shows nothing of it by time. A right value and a wrong one are taken from the request, so
 * that no origin sees either.
 */
export function testerOrigin(request: CloudFrontRequest): string | undefined {
  const values = testerInCookie ? request.cookies : request.headers;
  const found = values && values[testerName];
  if (!found) return;
  delete values[testerName];
  const parts = ('' + found.value).split(':');
  // Without `indexOf` a name that every object has, such as `constructor`, would be an origin.
  if (
    origins.indexOf(parts[0]) >= 0 &&
    crypto
      .createHash('sha256')
      .update('' + parts[1])
      .digest('hex') === testerHash
  )
    return parts[0];
}
