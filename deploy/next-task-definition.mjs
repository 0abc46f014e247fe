// The next revision of an ECS task definition: node deploy/next-task-definition.mjs current.json CONTAINER IMAGE
// current.json is the `taskDefinition` of describe-task-definition; what is printed is the input of register-task-definition, with the image in that one container.
import { readFileSync } from 'node:fs';

const [file = '', container = '', image = ''] = process.argv.slice(2);

// What describe-task-definition answers and register-task-definition does not take.
const answeredOnly = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
];

const { containerDefinitions = [], ...definition } = JSON.parse(readFileSync(file, 'utf8'));
const names = containerDefinitions.map(({ name }) => name);
if (!/@sha256:[0-9a-f]{64}$/.test(image)) fail(`an image is named by its digest, found ${JSON.stringify(image)}`);
if (!names.includes(container)) fail(`no container is called ${JSON.stringify(container)}; containers there: ${names.join(', ')}`);
for (const field of answeredOnly) delete definition[field];
const next = containerDefinitions.map((one) => (one.name === container ? { ...one, image } : one));
process.stdout.write(`${JSON.stringify({ ...definition, containerDefinitions: next }, undefined, 2)}\n`);

function fail(problem) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
