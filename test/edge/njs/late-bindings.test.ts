import { expect, it } from 'vitest';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { describeWith } from '../../programs.ts';
import { njs, runOf } from './sample.ts';

// The bodies of async handlers that V8 runs to 'right'. What njs 0.7.9 does is tried, and the gate must say so: a
// failure or a stale value is a finding.
const bodies: [body: string, njs: 'right' | 'stale' | 'fails'][] = [
  ["await 0; const p = 'right'; function f() { return p; } return f();", 'fails'],
  ["await 0; const p = 'right'; const f = () => p; return f();", 'right'],
  ["await 0; let p = 'right'; function f() { return [1].map(() => p)[0]; } return f();", 'fails'],
  ["await 0; var p = 'right'; function f() { return p; } return f();", 'stale'],
  ["const p = await Promise.resolve('right'); function f() { return p; } return f();", 'fails'],
  ["const p = 'right'; function f() { return p; } await 0; return f();", 'right'],
  ["const p = 'right'; function f() { return p; } await 0; return p;", 'fails'],
  ["let p = 'old'; const f = () => p; await 0; p = 'right'; return f();", 'stale'],
  ["let p = 'old'; const f = () => p; p = 'right'; await 0; return p;", 'stale'],
  ["let p = ''; const add = (x) => { p += x; }; await 0; add('right'); return p;", 'stale'],
  ["let p = ''; ['right'].forEach((x) => { p += x; }); await 0; return p;", 'stale'],
  ["await 0; let p = ''; ['right'].forEach((x) => { p += x; }); return p;", 'right'],
  ["const o = { p: '' }; const add = (x) => { o.p += x; }; await 0; add('right'); return o.p;", 'right'],
  ["try { await 0; } catch (e) {} const p = 'right'; function f() { return p; } return f();", 'fails'],
  ["if (event.request) { await 0; const p = 'right'; function f() { return p; } return f(); }", 'fails'],
  ["await 0; const p = 'right'; async function f() { return p; } return await f();", 'fails'],
  ["const g = async () => { await 0; const p = 'right'; function f() { return p; } return f(); }; return await g();", 'fails'],
  ["const p = 'right'; const g = async () => { await 0; return p; }; return await g();", 'right'],
  ["await 0; function f() { return 'right'; } const g = () => f(); return g();", 'right'],
  ["await 0; const v = 'right'; return [1].map(() => v)[0];", 'right'],
];

describeWith(['njs'], 'a function inside an async one', () => {
  it.each(bodies)('%s', async (body, expected) => {
    const code = `async function handler(event) { ${body} }`;
    const { output, error } = await openNjsRuntime({ njs }).run(runOf(code));
    expect(error !== undefined ? 'fails' : output === 'right' ? 'right' : 'stale').toBe(expected);
    const findings = checkSyntax(code).filter(({ rule }) => rule === 'late-binding');
    if (expected === 'right') expect(findings).toEqual([]);
    else expect(findings).toMatchObject([{ needsNjs: true }]);
    if (expected === 'stale') expect(findings).toMatchObject([{ level: 'warning' }]);
  });
});
