/** Objects as they are sent, and calls as lines for a shell. */
import { apiPath, type Query } from './api.ts';

/** Returns an object without what only the server sets, ready to be put back. */
export function bodyOf<T extends object>(stored: T): Record<string, unknown> {
  const served = [
    'id',
    'revision',
    'updated_us',
    'status',
    'index',
    'poll_ms',
    'device_name',
    'full_path',
    'connection_name',
    'device_count',
    'tag_count',
    'current',
  ];
  return Object.fromEntries(Object.entries(stored).filter(([key]) => !served.includes(key)));
}

/** Where a shell finds the token; no line that is copied holds a secret. */
const TOKEN = '-H "authorization: Bearer $HEADWORKS_TOKEN"';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Returns a call as a line for a shell. */
export function asCurl(
  method: string,
  path: string,
  body?: unknown,
  revision?: number,
): string {
  const url = quoted(window.location.origin + apiPath(path));
  const parts = [`curl -X ${method} ${url} ${TOKEN}`];
  if (revision !== undefined) parts.push(`-H 'if-match: "${revision}"'`);
  if (body !== undefined)
    parts.push(`-H 'content-type: application/json' -d ${quoted(JSON.stringify(body))}`);
  return parts.join(' ');
}

/** Returns the sending of a file as a line for a shell that is where the file lies. */
export function asUpload(path: string, query: Query, file: string): string {
  const url = quoted(window.location.origin + apiPath(path, query));
  const type = "-H 'content-type: application/octet-stream'";
  return `curl -X POST ${url} ${TOKEN} ${type} --data-binary ${quoted(`@${file}`)}`;
}
