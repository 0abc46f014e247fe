import type { ConformanceCase } from '../conformance-case.ts';
import { distributionCases } from './distributions.ts';
import { edgeCases, failureCases } from './edge.ts';
import { functionCases } from './functions.ts';
import { propagationCases } from './propagation.ts';
import { runtimeCases } from './runtime.ts';
import { storeCases } from './stores.ts';

const measured = (needs: ConformanceCase['needs']) => propagationCases.filter((one) => one.needs === needs);
const apiCases = [...storeCases, ...functionCases, ...distributionCases];

/** In the order in which they are asked: those that need no distribution first, those that break a function last. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...apiCases.filter(({ needs }) => needs === 'free'),
  ...runtimeCases,
  ...measured('free'),
  ...edgeCases,
  ...measured('distribution'),
  ...apiCases.filter(({ needs }) => needs === 'distribution'),
  ...failureCases,
];
