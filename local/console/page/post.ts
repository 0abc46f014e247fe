/** What an action answered. */
export type Answer = { problems?: string[]; hint?: string | null; lines?: string[] } & Record<string, unknown>;

/** Sends an action to the server; what goes wrong on the way is a problem like any other. */
export async function post(path: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return (await response.json()) as Answer;
  } catch (error) {
    return { problems: [`the console did not answer: ${(error as Error).message}`], hint: 'is npm start still running?' };
  }
}

/** Shows problems with their hint where they belong, or hides the place when there are none. */
export function showProblems(place: HTMLElement, { problems, hint }: Answer): void {
  place.hidden = problems === undefined;
  place.textContent = problems === undefined ? '' : [problems.join('; '), hint].filter(Boolean).join('. ');
}
