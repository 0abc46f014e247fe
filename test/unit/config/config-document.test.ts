import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';

const rows = readFileSync('docs/config.md', 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 5 && cells[1]?.startsWith('`'))
  .map(([, field = '', fallback = '']) => ({ field: field.replaceAll('`', ''), fallback: fallback.replaceAll('`', '') }));

/** Every field that has a default, as the page names it, with that default. */
const defaults = (() => {
  const signals = [
    { type: 'http' },
    { type: 'route53', healthCheckId: '0123abcd-0123-0123-0123-0123456789ab' },
    { type: 'alarm', alarmName: 'failover-a-5xx' },
  ];
  const { health, failover, notifications, origins, ...rest } = parseEdgeConfig({
    origins: { a: { region: 'ap-southeast-1', signals } },
    defaultOrder: ['a'],
    notifications: [{ type: 'sns' }, { type: 'webhook' }],
  });
  const { failureRate, ...thresholds } = health;
  const typed = [...(origins['a']?.signals ?? []), ...notifications].flatMap(({ type, ...fields }) =>
    Object.entries(fields).map(([name, value]): [string, unknown] => [name === 'required' ? name : `${name} (${type})`, value]),
  );
  const given = ['defaultOrder', 'healthCheckId (route53)', 'alarmName (alarm)'];
  return [
    ...Object.entries({ ...rest, ...thresholds, ...failover }),
    ...Object.entries(failureRate).map(([name, value]): [string, unknown] => [`failureRate.${name}`, value]),
    ...typed,
  ].filter(([name]) => !given.includes(name));
})();

it('docs/config.md has every field with its default', () => {
  expect(defaults.length).toBeGreaterThan(25);
  for (const [name, value] of defaults) {
    const shown = rows.find(({ field }) => field === name)?.fallback;
    expect(shown, name).toBe(formatDefault(value));
  }
});

function formatDefault(value: unknown): string {
  if (typeof value === 'number') return value >= 1_000 ? value.toLocaleString('en').replaceAll(',', '_') : String(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Object.keys(value).length === 0) return 'none';
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([name, of]) => `${name}: '${of}'`)
    .join(', ')} }`;
}
