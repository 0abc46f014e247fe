import { createHash } from 'node:crypto';
import { z } from 'zod';
import { pageOf } from '../text/typed.ts';
import { expandTerritories } from './countries.ts';
import { pathPatternText } from './path-pattern.ts';

// What edge.config.ts says about the order of origins, and what the rest of the project gets of it.

const percent = z.int('a share is a whole number of percent from 1 to 99').min(1).max(99);
const group = z.record(z.string(), percent);

/**
 * Origins, the preferred one first. One place may have several origins with the percent of the viewers that each
 * serves: `[{ singapore: 90, europe: 10 }, 'europe']`. A viewer always belongs to the same one. When that fails, the
 * viewer goes to those of at least the same percent, then to the rest of the order, and to the smaller ones last. A
 * later place of the order may name an origin of the group again.
 */
export const order = z
  .array(z.union([z.string(), group], 'an order has origins, and { origin: percent, … } where several share the viewers'))
  .min(1);

export const route = z.strictObject({
  /**
   * ISO 3166-1 codes such as `IN`, ISO 3166-2 codes such as `US-CA`, groups (`EU`, `EEA`, `Eurozone`, `Latin America`),
   * subregions of the United Nations such as `Western Asia`, and continents by name: `Africa`, `Asia`, `Europe`,
   * `North America`, `Oceania`, `South America`. The smallest one that has a viewer counts. `AF`, `AS`, `NA` and `SA`
   * are continents in other tools: write `country:NA` or `North America`.
   */
  countries: z.array(z.string()).min(1),
  /** Origins for viewers of these countries, the preferred one first: [shares](#shares). */
  order,
});

export const service = z.strictObject({
  /** What commands and their output call it. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a name is 1 to 63 of a-z, 0-9 and "-", starting with a letter'),
  /**
   * Path patterns as CloudFront's behaviors have them: `*` is any number of characters, `?` one; the leading slash may
   * be left out.
   */
  paths: z.array(z.string().regex(pathPatternText, 'a path pattern is 1 to 255 of the characters that CloudFront allows in one')).min(1),
  /**
   * Origins for viewers of every country that no route of the service names, the preferred one first:
   * [shares](#shares).
   */
  order,
  /** Countries that get another order for these paths. */
  routes: z.array(route).default([]),
});

export type WrittenOrder = z.output<typeof order>;
export type WrittenRoute = z.output<typeof route>;
export type WrittenService = z.output<typeof service>;

/** Viewers whose order begins with one origin of a group. */
export interface OrderSlice {
  percent: number;
  order: readonly string[];
}

/** An order as all features have it. */
export interface Ordered {
  /** With slices the order of the largest one. */
  order: readonly string[];
  /** By the viewer's position from 0 to 100. Undefined where all viewers have one order. */
  slices?: readonly OrderSlice[];
}

/** A route by the codes of countries and subdivisions. */
export interface CountryRoute extends Ordered {
  countries: string[];
}

/** A route's names become codes, and its group becomes slices. */
export function expandRoutes(routes: readonly WrittenRoute[]): CountryRoute[] {
  const { countries } = expandTerritories(routes);
  return routes.map((each, index) => ({ countries: countries[index] ?? [], ...expandOrder(each.order) }));
}

export function expandOrder(written: WrittenOrder): Ordered {
  const place = written.findIndex((part) => typeof part !== 'string');
  const shares = Object.entries(place < 0 ? {} : (written[place] as Record<string, number>));
  const names = (parts: WrittenOrder) => parts.filter((part) => typeof part === 'string');
  if (shares.length === 0) return { order: names(written) };
  const slices = shares.map(([origin, percent]): OrderSlice => {
    const others = shares.filter(([other]) => other !== origin).sort(([, a], [, b]) => b - a);
    const larger = others.filter(([, share]) => share >= percent).map(([other]) => other);
    const smaller = others.filter(([, share]) => share < percent).map(([other]) => other);
    return {
      percent,
      order: [...new Set([...names(written.slice(0, place)), origin, ...larger, ...names(written.slice(place)), ...smaller])],
    };
  });
  const largest = slices.reduce((best, slice) => (slice.percent > best.percent ? slice : best));
  return { order: largest.order, slices };
}

/** What is wrong with an order, each with the place in it. */
export function findOrderProblems(written: WrittenOrder, known: readonly string[]): { place: (string | number)[]; message: string }[] {
  const problems: { place: (string | number)[]; message: string }[] = [];
  const earlier = new Set<string>();
  let groups = 0;
  const check = (origin: string, place: (string | number)[]) => {
    if (known.length > 0 && !known.includes(origin))
      problems.push({ place, message: `no origin is called "${origin}"; origins here: ${known.join(', ')}` });
    if (earlier.has(origin)) problems.push({ place, message: `origin "${origin}" is listed twice` });
  };
  for (const [index, part] of written.entries()) {
    if (typeof part === 'string') {
      check(part, [index]);
      earlier.add(part);
      continue;
    }
    const shares = Object.entries(part);
    for (const [origin] of shares) check(origin, [index, origin]);
    const sum = shares.reduce((total, [, share]) => total + share, 0);
    if (sum !== 100) problems.push({ place: [index], message: `shares must add up to 100, found ${sum}` });
    groups += 1;
    if (groups === 2) problems.push({ place: [index], message: 'an order has at most one group of shares' });
  }
  return problems;
}

/** The percent at which each slice ends. */
export function endsOf(slices: readonly OrderSlice[]): number[] {
  return slices.map((_, index) => slices.slice(0, index + 1).reduce((sum, { percent }) => sum + percent, 0));
}

/**
 * The viewer's position from 0 to 100, as the edge function calculates it. Independent of the bucket, which comes from
 * another byte of the same hash.
 */
function positionOf(ip: string): number {
  return createHash('md5').update(ip).digest().readUInt16BE(1) / 655.36;
}

/** The order of one viewer. */
export function orderFor({ order: largest, slices = [] }: Ordered, ip: string): readonly string[] {
  const position = positionOf(ip);
  const slice = endsOf(slices).findIndex((end) => position < end);
  return slices[slice]?.order ?? largest;
}

/** An address of a viewer at least at this position, and below the other. From the range for benchmarks of RFC 2544. */
export function addressBetween(from: number, upTo: number): string {
  for (let number = 0; ; number++) {
    const ip = `198.18.${(number >> 8) & 255}.${number & 255}`;
    const position = positionOf(ip);
    if ((position >= from && position < upTo) || number > 65_535) return ip;
  }
}

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
    /**
     * The same as a cookie, for browsers. Access logs may have cookies: use a header where you can. Required without
     * `header`.
     */
    cookie: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'a cookie name is 1 to 64 of A-Z, a-z, 0-9, "-" and "_"')
      .refine((name) => name !== '__proto__', 'every object of JavaScript has this name, so the edge cannot find it; choose another one')
      .optional(),
    /**
     * SHA-256 of the secret in hexadecimal. Keep the secret itself out of the file. A secret has no colon. Required.
     */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 digits of 0-9 and a-f')
      .refine((hash) => !knownHashes.includes(hash), {
        error: () => `the secret of this hash is public; make one as ${pageOf('config.md')} shows`,
      }),
  })
  .refine(({ header, cookie }) => (header === undefined) !== (cookie === undefined), 'needs either a header or a cookie');
