import { retryingFetch } from 'cloudfront-edge-failover/client';

const [, , url = 'https://app.example.com/api/orders'] = process.argv;
const send = retryingFetch({ retries: 3, timeoutMs: 5_000 });
const answer = await send(url, { method: 'POST', headers: { 'Idempotency-Key': crypto.randomUUID() } });
console.log(answer.status);
