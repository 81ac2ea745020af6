/** Values inside a widget by their path, names with `/` between. */

type Json = Record<string, unknown>;

export function valueAt(object: unknown, path: string): unknown {
  return path
    .split('/')
    .reduce<unknown>((inner, name) => (inner as Json | null | undefined)?.[name], object);
}

/** Returns the object with another value at a path; `undefined` takes the field out. */
export function withValue<T extends object>(object: T, path: string, value: unknown): T {
  const [name = '', ...rest] = path.split('/');
  const fields = object as Json;
  if (rest.length > 0) {
    const inner = (fields[name] as object | undefined) ?? {};
    return { ...object, [name]: withValue(inner, rest.join('/'), value) };
  }
  if (value !== undefined) return { ...object, [name]: value };
  const { [name]: _gone, ...left } = fields;
  return left as T;
}
