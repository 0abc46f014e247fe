import { type Given, given, type RouterCase } from './router-case.ts';

const from = (country: string, region: unknown, to: string, says: string, more: Given = {}): RouterCase => ({
  when: `the subdivision is ${String(country)}-${JSON.stringify(region)?.slice(0, 40)}`,
  ...given({
    config: 'subdivided',
    headers: { 'cloudfront-viewer-country': { value: country }, 'cloudfront-viewer-country-region': region },
    ...more,
  }),
  to,
  says,
});

export const subdivisionCases: readonly RouterCase[] = [
  from('US', { value: 'CA' }, 'tokyo+singapore', 'tokyo;country=US-CA;health=ok'),
  from('US', { value: 'WA' }, 'europe', 'europe;country=US-WA;health=weighted', { record: 'singapore=0;tokyo=0' }),
  from('US', { value: 'NY' }, 'europe+singapore', 'europe;country=US;health=ok'),
  from('US', { value: 'TX' }, 'singapore+europe', 'singapore;country=US-TX;health=ok'),
  from('US', { value: '' }, 'europe+singapore', 'europe;country=US;health=ok'),
  from('US', { value: 'CA', multiValue: [{ value: 'CA' }, { value: 'NY' }] }, 'tokyo+singapore', 'tokyo;country=US-CA;health=ok'),
  from('US', { value: 'ca' }, 'europe+singapore', 'europe;country=US;health=ok'),
  from('US', { value: 'CA;health=ok' }, 'europe+singapore', 'europe;country=US;health=ok'),
  // The subdivision of another country.
  from('IN', { value: 'CA' }, 'singapore+europe', 'singapore;country=*;health=ok'),
  from('IN', { value: 'KA' }, 'europe+singapore', 'europe;country=IN-KA;health=ok'),
  from('DE', { value: 'BY' }, 'europe+tokyo', 'europe;country=DE;health=ok'),
  from('FR', { value: '75C' }, 'tokyo', 'tokyo;country=FR-75C;health=ok'),
  from('FR', { value: 'IDF' }, 'europe+tokyo', 'europe;country=FR;health=ok'),
  from('', { value: 'CA' }, 'singapore+europe', 'singapore;country=*;health=ok'),
  from('US-CA', { value: 'CA' }, 'tokyo+singapore', 'tokyo;country=US-CA;health=ok'),
  from('US', {}, 'europe+singapore', 'europe;country=US;health=ok', { sendable: false }),
  from('US', 'CA', 'europe+singapore', 'europe;country=US;health=ok', { sendable: false }),
  from('US', null, 'europe+singapore', 'europe;country=US;health=ok', { sendable: false }),
  {
    when: 'there is a subdivision and no country',
    ...given({ config: 'subdivided', headers: { 'cloudfront-viewer-country-region': { value: 'CA' } } }),
    to: 'singapore+europe',
    says: 'singapore;country=*;health=ok',
  },
  from('US', { value: 'CA' }, 'singapore+europe', 'singapore;country=US;health=ok', { config: 'sample' }),
  from('US', { value: 'CA' }, 'tokyo+singapore', 'tokyo;country=US-CA;health=ok', { config: 'subdivided-services', uri: '/api/x' }),
  from('US', { value: 'NY' }, 'europe+singapore', 'europe;country=US;health=ok', { config: 'subdivided-services', uri: '/api/x' }),
  from('US', { value: 'CA' }, 'tokyo', 'tokyo;country=US-CA;health=ok', { config: 'subdivided-services', uri: '/files/x' }),
  from('US', { value: 'WA' }, 'europe', 'europe;country=*;health=ok', { config: 'subdivided-services', uri: '/files/x' }),
];
