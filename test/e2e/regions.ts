/**
 * The regions that answer the POST requests of `count` viewers from India; POST has no origin group. `port` is the
 * local cloud's.
 */
export async function regionsOf(port: number, viewers: number, path = '/api/orders'): Promise<string[]> {
  const answers = Array.from({ length: viewers }, async (_, viewer) => {
    const headers = { 'x-local-viewer-country': 'IN', 'x-local-viewer-ip': `198.51.100.${viewer}` };
    const response = await fetch(`http://127.0.0.1:${port + 1}${path}`, { method: 'POST', headers });
    await response.arrayBuffer();
    return response.headers.get('x-region') ?? 'none';
  });
  return [...new Set(await Promise.all(answers))].sort();
}
