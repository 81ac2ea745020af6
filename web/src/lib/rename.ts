/** New names by a pattern: what is found is replaced, with counters. */

export interface Pattern {
  find: string;
  replace: string;
  isRegex: boolean;
}

/** Returns the new names, or why the pattern cannot work. */
export function renamed(
  names: readonly string[],
  { find, replace, isRegex }: Pattern,
): { names: string[]; error: string } {
  if (find === '') return { names: [...names], error: '' };
  let search: RegExp;
  try {
    search = new RegExp(isRegex ? find : escaped(find), 'gu');
  } catch (error) {
    return { names: [...names], error: error instanceof Error ? error.message : String(error) };
  }
  let count = 0;
  const next = names.map((name) => {
    if (name.search(search) < 0) return name;
    count += 1;
    const text = counted(replace, count);
    return isRegex ? name.replace(search, text) : name.replace(search, () => text);
  });
  return { names: next, error: '' };
}

/** Writes the number of the hit in the place of `{n}`, with leading zeros in that of `{nnn}`. */
function counted(text: string, count: number): string {
  return text.replace(/\{(n+)\}/g, (_, digits: string) =>
    String(count).padStart(digits.length, '0'),
  );
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
