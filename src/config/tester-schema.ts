import { z } from 'zod';

/** Names that CloudFront hides from functions, that every request needs, or that the router sets itself. */
const unusable =
  /^(host|cookie|authorization|via|cdn-loop|content-length|transfer-encoding|connection|expect|upgrade|x-region|x-origin-route|cloudfront-.*|x-amz-.*|x-amzn-.*|x-edge-.*|x-forwarded-.*|x-real-ip|x-cache)$/;

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
      .refine((name) => name !== '__proto__', 'the edge cannot look this name up')
      .optional(),
    /** SHA-256 of the secret in hexadecimal; the secret itself is in no file. A secret has no colon. Required. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 digits of 0-9 and a-f'),
  })
  .refine(({ header, cookie }) => (header === undefined) !== (cookie === undefined), 'needs either a header or a cookie');
