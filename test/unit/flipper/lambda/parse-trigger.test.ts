import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTrigger } from '../../../../src/flipper/lambda/flipper-lambda.ts';

const alarm = {
  version: '0',
  source: 'aws.cloudwatch',
  'detail-type': 'CloudWatch Alarm State Change',
  detail: { alarmName: 'singapore-5xx', state: { value: 'ALARM' } },
};

describe('parseTrigger', () => {
  it.each([
    { event: { run: 'watch' }, trigger: { mode: 'watch', trigger: 'schedule' } },
    { event: alarm, trigger: { mode: 'once', trigger: 'alarm', alarm: 'singapore-5xx', state: 'ALARM' } },
    { event: { ...alarm, detail: {} }, trigger: { mode: 'once', trigger: 'alarm', alarm: '', state: '' } },
    { event: { ...alarm, source: 'my.app' }, trigger: { mode: 'once', trigger: 'manual' } },
    { event: {}, trigger: { mode: 'once', trigger: 'manual' } },
    { event: null, trigger: { mode: 'once', trigger: 'manual' } },
  ])('reads $event', ({ event, trigger }) => {
    expect(parseTrigger(event)).toEqual(trigger);
  });

  it('takes anything', () => {
    fc.assert(fc.property(fc.anything(), (event) => ['watch', 'once'].includes(parseTrigger(event).mode)));
  });
});
