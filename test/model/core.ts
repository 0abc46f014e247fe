import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import { planFlip } from '../../src/core/flip.ts';
import { EdgeError } from '../../src/errors.ts';
import { runFlipper } from '../../src/flipper/flipper.ts';

/** The code under examination; a mutant has the same shape. */
export interface Core {
  runFlipper: typeof runFlipper;
  planFlip: typeof planFlip;
  /** The store of the model fails with the core's own errors. */
  EdgeError: typeof EdgeError;
  parseHealthRecord: typeof parseHealthRecord;
  weightAt: typeof weightAt;
  keepOrigins: (order: string[], record: string, event: { viewer: { ip: string } }) => string[];
}

/** The modules that together are the core, by what is taken from each. */
export const coreModules = {
  runFlipper: 'src/flipper/flipper.ts',
  planFlip: 'src/core/flip.ts',
  EdgeError: 'src/errors.ts',
  parseHealthRecord: 'kvs/health-record.ts',
  weightAt: 'kvs/health-record.ts',
  keepOrigins: 'functions/lib/keep-origins.ts',
} as const satisfies Record<keyof Core, string>;

// The edge's code has types of its own, which only its folder knows.
const edge = (await import(/* @vite-ignore */ new URL(`../../${coreModules.keepOrigins}`, import.meta.url).href)) as Pick<
  Core,
  'keepOrigins'
>;

/** The core as it is. */
export const core: Core = { runFlipper, planFlip, EdgeError, parseHealthRecord, weightAt, keepOrigins: edge.keepOrigins };

/** The core threw, or contradicts itself; any other error is the checker's own. */
export class CoreFault extends Error {
  readonly law: 'crash' | 'disagree';

  constructor(law: 'crash' | 'disagree', message: string) {
    super(message);
    this.law = law;
  }
}
