import * as team from './virtual-team.ts';

export default (...args: unknown[]): unknown => team.before(...args);
