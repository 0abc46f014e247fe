import type { Command } from '../src/cli/command.ts';
import type { Options } from '../src/cli/option.ts';

interface CommandEntry {
  group: (typeof commandGroups)[number];
  /** At most 60 characters, for the list of all commands. */
  does: string;
  /** Loaded only when it runs: its default export, made by `defineCommand`. */
  load(): Promise<{ default: Command<Options> }>;
}

export const commandGroups = ['try it', 'operate', 'publish', 'deploy', 'check', 'automate'] as const;

/**
 * Every command, by the name that the user types. How to add one: a module with a default export, a line here, and a
 * script in package.json.
 */
export const commands: Readonly<Record<string, CommandEntry>> = {
  init: { group: 'try it', does: 'writes edge.config.ts, for a distribution or for a first try', load: () => import('./init.ts') },
  drill: { group: 'try it', does: 'plays one outage on this machine', load: () => import('./drill.ts') },
  start: { group: 'try it', does: 'runs the local cloud with its console', load: () => import('./start.ts') },
  fault: { group: 'try it', does: 'breaks or restores an origin of the local cloud', load: () => import('./fault.ts') },
  edge: { group: 'try it', does: 'serves any CloudFront Function from a file', load: () => import('./edge.ts') },

  failover: { group: 'operate', does: 'shows where viewers go, and moves them by hand', load: () => import('./failover.ts') },
  console: { group: 'operate', does: 'shows an account in the browser', load: () => import('./console.ts') },
  flipper: { group: 'operate', does: 'probes the origins and moves viewers automatically', load: () => import('./flipper.ts') },
  doctor: { group: 'operate', does: 'checks the live account', load: () => import('./doctor.ts') },
  timeline: { group: 'operate', does: 'calculates when each edge location obeyed each flip', load: () => import('./timeline.ts') },
  verify: { group: 'operate', does: 'checks what viewers get', load: () => import('./verify.ts') },
  load: { group: 'operate', does: 'runs a bounded load test', load: () => import('./load.ts') },
  predict: { group: 'operate', does: 'predicts what an outage costs on AWS', load: () => import('./predict.ts') },
  rehearse: { group: 'operate', does: 'rehearses an evacuation in small steps', load: () => import('./rehearse.ts') },
  cost: { group: 'operate', does: "calculates the month's bill", load: () => import('./cost.ts') },

  'function:build': { group: 'publish', does: 'builds and checks the edge function', load: () => import('./function-build.ts') },
  'function:publish': { group: 'publish', does: 'proves the function and makes it LIVE', load: () => import('./function-publish.ts') },
  'function:rollback': { group: 'publish', does: 'publishes an older version again', load: () => import('./function-rollback.ts') },
  'function:history': { group: 'publish', does: 'lists what was LIVE', load: () => import('./function-history.ts') },
  'function:explain': { group: 'publish', does: 'shows where viewers go and why', load: () => import('./function-explain.ts') },
  'function:replay': { group: 'publish', does: 'sends logged requests through two versions', load: () => import('./function-replay.ts') },

  'kvs:plan': { group: 'deploy', does: 'shows what kvs:apply would do', load: () => import('./kvs-plan.ts') },
  'kvs:apply': { group: 'deploy', does: 'creates the KeyValueStore', load: () => import('./kvs-apply.ts') },
  'distribution:plan': { group: 'deploy', does: 'shows what distribution:apply would do', load: () => import('./distribution-plan.ts') },
  'distribution:apply': {
    group: 'deploy',
    does: 'changes the distribution, or its staging copy',
    load: () => import('./distribution-apply.ts'),
  },
  'distribution:promote': {
    group: 'deploy',
    does: 'applies a staged rollout to all viewers',
    load: () => import('./distribution-promote.ts'),
  },
  'distribution:unstage': { group: 'deploy', does: 'ends a staged rollout', load: () => import('./distribution-unstage.ts') },
  emit: { group: 'deploy', does: 'writes templates and IAM policies of the configuration', load: () => import('./emit.ts') },
  'un-adopt': { group: 'deploy', does: 'takes the edge function off a distribution again', load: () => import('./un-adopt.ts') },

  'test:config': { group: 'check', does: 'tests edge.config.ts and distribution.json', load: () => import('./test-config.ts') },
  'function:check': { group: 'check', does: 'checks any CloudFront Function', load: () => import('./function-check.ts') },
  conformance: {
    group: 'check',
    does: 'compares the local cloud with a real account',
    load: () => import('./conformance.ts'),
  },
  'function:test': { group: 'check', does: 'runs one event through the function in njs', load: () => import('./function-test.ts') },

  'flipper:package': { group: 'automate', does: "makes the zip of the flipper's Lambda", load: () => import('./flipper-package.ts') },
  'flipper:bundle': {
    group: 'automate',
    does: 'makes one file of the flipper, for a container',
    load: () => import('./flipper-bundle.ts'),
  },
  'region:config': { group: 'automate', does: "prints the environment of an origin's container", load: () => import('./region-config.ts') },
};
