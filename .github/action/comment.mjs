import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Writes the pull request's comment of this title, or updates the one it wrote before. Returns "created", "updated" or "none"; where it may not write, it notes
 * why, because the job summary has the same text.
 */
export async function comment({ env, token, title, body, note }) {
  const event = env.GITHUB_EVENT_PATH ? JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, 'utf8')) : {};
  const pull = event.pull_request;
  const repository = env.GITHUB_REPOSITORY ?? '';
  if (pull === undefined) return skip('no comment: this run has no pull request');
  // The code of a fork must not write by this repository's token, whatever event started the run.
  if (pull.head?.repo?.full_name !== repository)
    return skip('no comment: the pull request comes from a fork; the job summary has the output');
  if (token === '') return skip('no comment: the input token is empty; the job summary has the output');

  const api = env.GITHUB_API_URL ?? '';
  const ask = async (method, path, content) => {
    const answer = await fetch(`${api}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'content-type': 'application/json' },
      ...(content && { body: JSON.stringify(content) }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!answer.ok) throw new Error(`${method} ${path.split('?')[0]}: ${answer.status} ${(await answer.text()).slice(0, 200)}`);
    return answer.json();
  };

  const mark = `<!-- edge-failover ${createHash('sha256').update(title).digest('hex').slice(0, 16)} -->`;
  const text = `${mark}\n${body}`;
  try {
    const own = await findOwn();
    if (own === undefined) await ask('POST', `/repos/${repository}/issues/${pull.number}/comments`, { body: text });
    else await ask('PATCH', `/repos/${repository}/issues/comments/${own.id}`, { body: text });
    return own === undefined ? 'created' : 'updated';
  } catch (error) {
    return skip(`no comment: ${error.message}; the job needs pull-requests: write, and the job summary has the output`);
  }

  async function findOwn() {
    // A job's token has no user; a personal one has. A comment of another author with the same mark stays as it is.
    const login = await ask('GET', '/user').then(
      (user) => user.login,
      () => undefined,
    );
    const isOwn = ({ user }) => (login === undefined ? user?.type === 'Bot' : user?.login === login);
    for (let page = 1; page <= 30; page += 1) {
      const comments = await ask('GET', `/repos/${repository}/issues/${pull.number}/comments?per_page=100&page=${page}`);
      const found = comments.find((each) => each.body?.startsWith(mark) && isOwn(each));
      if (found !== undefined || comments.length < 100) return found;
    }
    return undefined;
  }

  function skip(reason) {
    note(reason);
    return 'none';
  }
}
