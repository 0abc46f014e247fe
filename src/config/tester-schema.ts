import { z } from 'zod';
import { pageOf } from '../text/typed.ts';

/** Names that CloudFront hides from functions, that every request needs, or that the router sets itself. */
const unusable =
  /^(host|cookie|authorization|via|cdn-loop|content-length|transfer-encoding|connection|expect|upgrade|x-region|x-origin-route|cloudfront-.*|x-amz-.*|x-amzn-.*|x-edge-.*|x-forwarded-.*|x-real-ip|x-cache)$/;

/** SHA-256 of an empty text, of `undefined` as a header without a colon gives it, and the example of docs/config.md. */
const knownHashes: readonly string[] = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c',
  '62249369389075490555a758353aec61500c6218fa597252d52dc4bd0148f12d',
];

export const testerSchema = z
  .strictObject({
    /** Header such as `x-tester`. Its value is an origin and the secret: `europe:3f9c…`. Required without `cookie`. */
    header: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/, 'a header name is 1 to 64 of a-z, 0-9 and "-", in lower case')
      .refine((name) => !unusable.test(name), 'this header is CloudFront’s or the router’s own; a function never sees x-edge-…')
      .optional(),
    /** The same as a cookie, for browsers. Access logs may have cookies: use a header where you can. Required without `header`. */
    cookie: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'a cookie name is 1 to 64 of A-Z, a-z, 0-9, "-" and "_"')
      .refine((name) => name !== '__proto__', 'every object of JavaScript has this name, so the edge cannot find it; choose another one')
      .optional(),
    /** SHA-256 of the secret in hexadecimal. Keep the secret itself out of the file. A secret has no colon. Required. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 digits of 0-9 and a-f')
      .refine((hash) => !knownHashes.includes(hash), {
        error: () => `the secret of this hash is public; make one as ${pageOf('config.md')} shows`,
      }),
  })
  .refine(({ header, cookie }) => (header === undefined) !== (cookie === undefined), 'needs either a header or a cookie');
