import { isRecord } from '../../text/is-record.ts';
/** Why the function runs, and so how: `watch` probes until its time is over, `once` looks until the verdicts are clear. */
export type Trigger =
  | { mode: 'watch'; trigger: 'schedule' }
  | { mode: 'once'; trigger: 'alarm'; alarm: string; state: string }
  | { mode: 'once'; trigger: 'manual' };

/** Reads the event: the schedule's is `{"run": "watch"}`, EventBridge's tells of an alarm that changed its state, any other is somebody's try. */
export function parseTrigger(event: unknown): Trigger {
  if (!isRecord(event)) return { mode: 'once', trigger: 'manual' };
  if (event['run'] === 'watch') return { mode: 'watch', trigger: 'schedule' };
  const { detail } = event;
  if (event['source'] !== 'aws.cloudwatch' || !isRecord(detail)) return { mode: 'once', trigger: 'manual' };
  const state = isRecord(detail['state']) ? detail['state']['value'] : undefined;
  return { mode: 'once', trigger: 'alarm', alarm: String(detail['alarmName'] ?? ''), state: String(state ?? '') };
}
