import { CfnDistribution, type Distribution, type IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import { Annotations, Aspects, CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { Construct, IConstruct } from 'constructs';
import { defaultBehavior, isSameBehavior } from '../../src/config/path-pattern.ts';

interface Association {
  eventType: string;
  functionArn: string;
}

interface RenderedBehavior {
  pathPattern?: string;
  functionAssociations?: Association[];
}

/** The distribution's own resource; undefined for one that is not of this app. */
export function resourceOf(distribution: IDistribution): CfnDistribution | undefined {
  const { defaultChild } = (distribution as Distribution).node;
  return defaultChild instanceof CfnDistribution ? defaultChild : undefined;
}

/**
 * Adds the function to behaviors of a distribution of this app, when the app is synthesized: behaviors may be added
 * after this construct. The functions of other events stay. A behavior that is missing, or that has another function on
 * viewer requests, is an error of the synthesis.
 */
export function associate(distribution: CfnDistribution, behaviors: readonly string[], functionArn: string): void {
  Aspects.of(distribution).add({
    visit: (node: IConstruct) => {
      if (node !== distribution) return;
      const stack = Stack.of(distribution);
      const { defaultCacheBehavior, cacheBehaviors = [] } = stack.resolve(distribution.distributionConfig) as {
        defaultCacheBehavior: RenderedBehavior;
        cacheBehaviors?: RenderedBehavior[];
      };
      for (const name of new Set(behaviors)) {
        const index = name === defaultBehavior ? 0 : cacheBehaviors.findIndex(({ pathPattern = '' }) => isSameBehavior(pathPattern, name));
        const behavior = name === defaultBehavior ? defaultCacheBehavior : cacheBehaviors[index];
        if (behavior === undefined) {
          const known = [defaultBehavior, ...cacheBehaviors.map(({ pathPattern = '' }) => pathPattern)].join(', ');
          Annotations.of(distribution).addError(
            `CONFIG_INVALID: the distribution has no behavior ${JSON.stringify(name)}\nhint: it has ${known}`,
          );
          continue;
        }
        const others = (behavior.functionAssociations ?? []).filter(({ functionArn: arn }) => !isSame(stack, arn, functionArn));
        if (others.some(({ eventType }) => eventType === 'viewer-request')) {
          Annotations.of(distribution).addError(
            `CONFIG_INVALID: behavior ${JSON.stringify(name)} has another function on viewer requests, and CloudFront takes one\nhint: name its code as \`before\` in edge.config.ts, and remove it from the behavior`,
          );
          continue;
        }
        const path = name === defaultBehavior ? 'DefaultCacheBehavior' : `CacheBehaviors.${index}`;
        distribution.addPropertyOverride(`DistributionConfig.${path}.FunctionAssociations`, [
          ...others.map(({ eventType, functionArn: arn }) => ({ EventType: eventType, FunctionARN: arn })),
          { EventType: 'viewer-request', FunctionARN: functionArn },
        ]);
      }
    },
  });
}

function isSame(stack: Stack, one: unknown, other: unknown): boolean {
  return JSON.stringify(stack.resolve(one)) === JSON.stringify(stack.resolve(other));
}

/** For a distribution of another tool: an output of what to add there. */
export function printAssociations(
  scope: Construct,
  lists: readonly { distributionId: string; behaviors: readonly string[] }[],
  functionArn: string,
): void {
  new CfnOutput(scope, 'FunctionArn', {
    value: functionArn,
    description: `Add it as the viewer-request function of ${lists.map(({ distributionId, behaviors }) => `${behaviors.join(', ')} of ${distributionId}`).join('; ')}`,
  });
}
