import type { CloudWatchClient, CompositeAlarm, MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { AlarmSignal } from '../config/edge-config.ts';
import type { ProbeResult, SignalSource } from '../core/signal.ts';
import { cutText } from '../text/cut-text.ts';
import { openRelayedSignal } from './relayed-signal.ts';

/** A CloudWatch alarm's state. `client` is that of the region where the alarm is. */
export function openAlarmSignal({ alarmName, required }: AlarmSignal, client: () => Promise<CloudWatchClient>): SignalSource {
  return openRelayedSignal({
    name: 'alarm',
    required,
    doing: `read alarm ${alarmName}`,
    ask: async (abortSignal) => {
      const [{ DescribeAlarmsCommand }, cloudWatch] = await Promise.all([import('@aws-sdk/client-cloudwatch'), client()]);
      // Without both types CloudWatch leaves composite alarms out.
      const command = new DescribeAlarmsCommand({ AlarmNames: [alarmName], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] });
      const { MetricAlarms = [], CompositeAlarms = [] } = await cloudWatch.send(command, { abortSignal });
      return judgeAlarm([...MetricAlarms, ...CompositeAlarms].find(({ AlarmName }) => AlarmName === alarmName));
    },
  });
}

type AlarmState = Pick<MetricAlarm & CompositeAlarm, 'StateValue' | 'StateReason'> & Pick<MetricAlarm, 'EvaluationState'>;

/** OK is good and ALARM is bad; everything else says nothing: not enough data, an evaluation that fails, an alarm that is not there. */
function judgeAlarm(alarm: AlarmState | undefined): Pick<ProbeResult, 'opinion' | 'detail'> {
  if (alarm === undefined) return { opinion: 'none', detail: 'there is no such alarm' };
  const { StateValue, StateReason = '', EvaluationState } = alarm;
  // CloudWatch then keeps the last state, which may be hours old.
  if (EvaluationState === 'EVALUATION_ERROR' || EvaluationState === 'EVALUATION_FAILURE')
    return { opinion: 'none', detail: `CloudWatch cannot evaluate it: ${EvaluationState}` };
  if (StateValue === 'OK') return { opinion: 'good' };
  if (StateValue === 'ALARM') return { opinion: 'bad', detail: cutText(`ALARM: ${StateReason}`, 160) };
  return { opinion: 'none', detail: StateValue ?? 'it has no state' };
}
