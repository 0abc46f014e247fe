import { given, type RouterCase } from './router-case.ts';

/** Texts in place of a country that no route names. In the table of `three` IN comes before JP: `IN1JP2`. */
const unroutedCountries: [when: string, country: string][] = [
  ['is one that no route names', 'BR'],
  ['is unknown to CloudFront', 'XX'],
  ['is empty', ''],
  ['is in lower case', 'in'],
  ['is half in lower case', 'In'],
  ['has one letter', 'I'],
  ['has three letters', 'IND'],
  ['is a piece of the table', 'IN1JP'],
  ['is a whole entry of the table', 'IN1'],
  ['lies across two entries of the table', '1J'],
  ['is the digit side of an entry', 'N1'],
  ['is a digit', '1'],
  ['has a space before it', ' IN'],
  ['has a space behind it', 'IN '],
  ['is two countries', 'IN, US'],
  ['is a Cyrillic look-alike', '\u0406N'],
  ['has an accent', 'É!'],
  ['is one astral character, two long in Node and one in njs', '😀'],
  ['is two astral characters', '😀😀'],
  ['is a name of Object.prototype', 'constructor'],
  ['is __proto__', '__proto__'],
  ['is 2,000 characters long', 'IN'.repeat(1_000)],
  ['is a number', '12'],
  ['is a header injection', 'IN\r\nx-region: eu-central-1'],
  ['ends in a control character', 'IN\u0000'],
  ['is a control character and a letter', '\u0001N'],
];

// Beyond Latin-1, or with a control character, nothing travels in a header.
const travels = /^[\x20-\x7e\x80-\xff]*$/;

export const countryCases: readonly RouterCase[] = unroutedCountries.map(([when, country]) => ({
  when: `the country ${when}`,
  ...given({ config: 'three', country, sendable: travels.test(country) }),
  to: 'singapore+europe',
  says: 'singapore;country=*;health=ok',
}));
