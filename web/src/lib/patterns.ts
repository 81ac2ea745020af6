/** Patterns of tags, as the server matches them. */

/** Returns whether one of the patterns selects a path; without patterns all are. */
export function holds(patterns: readonly string[] | null, path: string): boolean {
  if (patterns === null) return true;
  const parts = path.split('/');
  return patterns.some((pattern) => matches(pattern.split('/'), parts));
}

/** `*` stands for any characters of one part, `**` for any number of parts. */
function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === '**')
    return matches(rest, path) || (path.length > 0 && matches(pattern, path.slice(1)));
  const [part, ...others] = path;
  return part !== undefined && glob(first).test(part) && matches(rest, others);
}

function glob(text: string): RegExp {
  const plain = text.split('*').map((piece) => piece.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${plain.join('.*')}$`, 'su');
}
