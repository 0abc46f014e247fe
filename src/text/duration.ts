const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90s`, `15m`, `2h`, `3d`, `500ms` or parts in a row such as `1h30m`; undefined for anything else. A number needs its unit. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) total += Number(number) * (unitMs[unit ?? ''] ?? 0);
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined;
}

/** A duration for people, rounded to the smaller of its two largest units: `1h 30m`, `2d`, `45s`, `1.4s` below ten seconds, `0s` for none. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0) return `-${formatDuration(-durationMs)}`;
  if (durationMs < 10_000) return `${Math.round(durationMs / 100) / 10}s`;
  const precision = durationMs >= 86_370_000 ? 3_600 : durationMs >= 3_599_500 ? 60 : 1;
  const seconds = Math.round(durationMs / 1_000 / precision) * precision;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

/** For short times: `12ms` below a second, then as `formatDuration`; `-` for null. */
export function formatMs(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 1_000 ? `${Math.round(ms)}ms` : formatDuration(ms);
}
