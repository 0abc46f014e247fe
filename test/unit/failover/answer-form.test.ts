import { describe, expect, it } from 'vitest';
import { parseForm } from '../../../scripts/failover/answer-form.ts';

const origins = ['singapore', 'europe'];
const now = 1_764_000_000_000;
const form = { command: 'to', origin: 'europe', for: '2h', reason: 'ALB 5xx', weight: '', 'break-glass': '', by: 'ann' };
const parse = (body: unknown) => parseForm(typeof body === 'string' ? body : JSON.stringify(body), origins, now);

describe('a move that a form sends', () => {
  it('is what the same words mean on the command line', () => {
    expect(parse(form)).toEqual({
      intent: {
        command: 'to',
        flip: { kind: 'override', weights: { singapore: 0, europe: 100 }, until: now + 7_200_000 },
        reason: 'ALB 5xx',
      },
      by: 'ann',
      write: false,
      seen: undefined,
    });
    expect(parse({ ...form, command: 'drain', origin: 'singapore', weight: '25', write: 'yes', seen: 'none' })).toMatchObject({
      intent: { flip: { weights: { singapore: 25 } } },
      write: true,
      seen: 'none',
    });
    expect(parse({ command: 'auto', reason: 'recovered' })).toMatchObject({ intent: { command: 'auto', flip: { kind: 'clear' } } });
  });

  it('writes only for a clear yes', () => {
    for (const write of ['no', 'true', ' yes']) expect(parse({ ...form, write }).write, write).toBe(false);
  });

  it.each([
    { body: '', says: /not JSON/ },
    { body: '[]', says: /not a JSON object/ },
    { body: 'null', says: /not a JSON object/ },
    { body: { ...form, for: 7_200 }, says: /for takes a text/ },
    { body: { ...form, command: 'status' }, says: /command takes to, drain or auto/ },
    { body: { ...form, command: 'melt' }, says: /command takes to, drain or auto, found "melt"/ },
    { body: {}, says: /command takes to, drain or auto, found ""/ },
    { body: { ...form, for: '' }, says: /--for is missing/ },
    { body: { ...form, for: 'soon' }, says: /for takes a duration/ },
    { body: { ...form, for: '73h' }, says: /at most 72h/ },
    { body: { ...form, reason: '  ' }, says: /--reason is missing/ },
    { body: { ...form, origin: '' }, says: /to .*origin/ },
    { body: { ...form, origin: 'singapor' }, says: /no origin "singapor"/ },
    { body: { ...form, command: 'drain', weight: '101' }, says: /weight takes a percentage/ },
    { body: { ...form, weight: '20' }, says: /to does not take --weight/ },
    { body: { command: 'auto', reason: 'x', origin: 'europe' }, says: /auto takes no origin/ },
  ])('is refused: $body', ({ body, says }) => {
    expect(() => parse(body)).toThrow(says);
  });
});
