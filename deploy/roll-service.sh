#!/usr/bin/env bash
# Lets an ECS service run a task definition and waits until it does: CLUSTER=… SERVICE=… bash deploy/roll-service.sh TASK_DEFINITION_ARN
set -euo pipefail
task=${1:?which task definition?}

aws ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$task" --query service.serviceName --output text
# The waiter gives up after ten minutes; draining two sets of tasks may take longer.
aws ecs wait services-stable --cluster "$CLUSTER" --services "$SERVICE" || aws ecs wait services-stable --cluster "$CLUSTER" --services "$SERVICE"
# A circuit breaker puts the old tasks back automatically, and that is stable, too.
running=$(aws ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" --query "services[0].deployments[?status=='PRIMARY'].taskDefinition | [0]" --output text)
if [ "$running" != "$task" ]; then
  echo "$SERVICE is stable, but runs $running in place of $task" >&2
  exit 1
fi
echo "$SERVICE runs $task"
