import { request } from 'node:http';
import { originFaults } from '../local/origin/origin-fault.ts';
import { defineCommand } from '../src/cli/command.ts';
import { readLocalCloud } from '../src/config/local-cloud.ts';
import { EdgeError } from '../src/errors.ts';

export default defineCommand({
  usage: 'fault -- <origin> <fault>',
  summary: 'Breaks an origin of the running local cloud, or restores it with the fault "none".',
  examples: ['fault -- singapore refuse', 'fault -- singapore slow:1500', 'fault -- singapore none'],
  positionals: [{ name: 'origin' }, { name: 'fault' }],
  options: {},
  main: async ({ positionals }, io) => {
    const [origin = '', fault = ''] = positionals;
    const { controlPlane } = await readLocalCloud(io.env);
    const answer = await post(`${controlPlane}/_local/origins`, { origin, fault });
    if (answer.problems !== undefined)
      throw new EdgeError('USAGE', answer.problems.join('; '), { hint: `faults: ${originFaults.join(', ')}` });
    io.result(answer, [fault === 'none' ? `${origin} is restored` : `${origin} breaks: ${fault}`]);
  },
});

function post(url: string, body: object): Promise<{ problems?: string[] }> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(JSON.parse(text) as { problems?: string[] })).on('error', reject);
    });
    sending.on('error', reject).end(JSON.stringify(body));
  });
}
