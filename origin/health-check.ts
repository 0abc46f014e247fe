import { get } from 'node:http';

// For the container's own health check, which has no curl: ends with 0 when /health answers 200, else with 1.
const { HOST = '', PORT } = process.env;
const host = ['', '0.0.0.0', '::'].includes(HOST) ? '127.0.0.1' : HOST;

const request = get({ host, port: Number(PORT || 8_080), path: '/health', timeout: 3_000 }, (response) => {
  process.exit(response.statusCode === 200 ? 0 : 1);
});
request.on('timeout', () => request.destroy(new Error('no answer in 3 s')));
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
