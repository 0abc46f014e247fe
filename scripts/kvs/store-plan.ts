import { openAws } from '../../src/aws/clients.ts';
import { askToWrite, showTarget } from '../../src/cli/ask-to-write.ts';
import type { Io } from '../../src/cli/io.ts';
import { readLocalCloud } from '../../src/config/local-cloud.ts';
import { openProject } from '../../src/config/open-project.ts';
import { describeStorePlan, formatStorePlan } from '../../src/store/format-store-plan.ts';
import { applyStorePlan, awaitStorePlan, isAsDeclared, readStorePlan, type StoreTarget } from '../../src/store/store.ts';

/** The store of edge.config.ts, on AWS or in the local cloud. */
export async function openStoreTarget(isLocal: boolean, io: Io): Promise<StoreTarget> {
  const { env, progress, signal, now } = io;
  const local = isLocal ? await readLocalCloud(env) : undefined;
  const arn = local?.keyValueStoreArn ?? env['EDGE_KVS_ARN'];
  return { isLocal, aws: openAws({ env, local }), config: (await openProject(io)).config, arn, progress, signal, now };
}

/** Prints what apply would do, and writes nothing. */
export async function showStorePlan(target: StoreTarget, io: Io): Promise<number> {
  const plan = await readStorePlan(target);
  showTarget(io, { isLocal: target.isLocal === true, resource: `store ${plan.name}`, arn: plan.arn });
  io.result(describeStorePlan(plan), formatStorePlan(plan, io.colour));
  return 0;
}

/** Shows the plan, asks, and writes exactly that plan; returns the exit code. */
export async function applyShownPlan(target: StoreTarget, { isLocal, yes }: { isLocal: boolean; yes: boolean }, io: Io): Promise<number> {
  const plan = await awaitStorePlan(target);
  for (const line of formatStorePlan(plan, io.colour)) io.stderr(line);
  const isIdle = isAsDeclared(plan);
  const where = showTarget(io, { isLocal, resource: `store ${plan.name}`, arn: plan.arn }, false);
  if (!isIdle && !(await askToWrite(io, yes, 'apply this', where))) {
    io.stderr('nothing was written');
    return 1;
  }
  const applied = await applyStorePlan(target, plan);
  io.result({ written: !isIdle, ...describeStorePlan(applied) }, [
    isIdle ? `key-value store ${plan.name} is as declared` : `written: key-value store ${plan.name} (${applied.arn}) is as declared`,
  ]);
  return 0;
}
