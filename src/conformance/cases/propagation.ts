import type { ConformanceCase, Measure } from '../conformance-case.ts';

type Row = readonly [
  id: string,
  question: string,
  what: Measure,
  expect: unknown,
  source: string,
  open: string | undefined,
  needs: ConformanceCase['needs'],
];

const rows: readonly Row[] = [
  [
    'deploy',
    'how long a new distribution takes to be Deployed',
    'deploy',
    { deployed: true },
    'minutes in practice',
    undefined,
    'distribution',
  ],
  [
    'write',
    'how long a changed value takes to reach the edge that serves this place',
    'write',
    { arrives: true },
    'a median of 31 s at one location',
    'KVS propagation',
    'distribution',
  ],
  [
    'old-value',
    'whether an old value comes back after the new one was seen',
    'old-value',
    { returns: false },
    'seen once in one report',
    'KVS propagation',
    'distribution',
  ],
  [
    'missing-key',
    'whether a changing key is missing for moments',
    'missing-key',
    { missing: false },
    'seen once in one report',
    'transient misses',
    'distribution',
  ],
  [
    'publish',
    'how long a publication takes to reach the edge that serves this place',
    'publish',
    { arrives: true },
    'not documented',
    'time from PublishFunction to the edge',
    'distribution',
  ],
  [
    'burst',
    'how many calls of the data plane at once are refused',
    'burst',
    { throttled: false },
    'not documented; ThrottlingException was seen',
    'throttling rate',
    'free',
  ],
  [
    'utilization',
    'whether TestFunction measures the utilization of logCustomData',
    'utilization',
    { measured: true },
    'not documented',
    'what logCustomData costs',
    'free',
  ],
];

export const propagationCases: readonly ConformanceCase[] = rows.map(([id, question, what, expect, source, open, needs]) => ({
  id: `propagation-${id}`,
  group: 'propagation',
  question,
  ask: { kind: 'measure', what },
  expect,
  source,
  needs,
  ...(open && { open }),
}));
