const kinds = [
  /"[^"]*"/, // quoted
  /[\w.]*\[[^\]]*\]/, // a list, or a place in one
  /\{[^}]*\}/,
  /(?<![\w-])--[a-z-]+/,
  /\b(?:[A-Z]+_[A-Z_]+|[a-z]+[A-Z]\w*)\b/, // names: of the environment, of fields
  /\b(?:[a-z]+-)+\d\b/, // regions
  /(?<![\w.-])\d[\d._]*\d\b(?!-)|(?<![\w.-])\d\b(?!-)/, // figures
];
const fact = new RegExp(kinds.map(({ source }) => source).join('|'), 'g');

/**
 * A problem without its wording: its field, then the names, values and figures in it. Tests compare these, so that a
 * better sentence breaks none; the sentences have snapshots of their own.
 */
export function factsOf(problem: string): string {
  const end = problem.indexOf(': ') + 1;
  return [problem.slice(0, end), ...(problem.slice(end).match(fact) ?? []).filter((each) => each !== '"-"' && each !== '"_"')].join(' ');
}
