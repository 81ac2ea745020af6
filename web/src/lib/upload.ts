/** Sending of files. */
import { ApiError, apiPath, problem, signedIn, type Query } from './api.ts';

interface Sending {
  signal: AbortSignal;
  /** Is told which part is sent. */
  watch: (share: number) => void;
}

/** Sends a file as the body of a call, with news of how far it is. */
export function upload<T>(
  path: string,
  query: Query,
  body: Blob,
  sending: Sending,
): Promise<T> {
  return signedIn(() => send<T>(path, query, body, sending), sending.signal);
}

function send<T>(
  path: string,
  query: Query,
  body: Blob,
  { signal, watch }: Sending,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', apiPath(path, query));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('accept', 'application/json');
    request.upload.onprogress = (event) =>
      watch(event.total > 0 ? event.loaded / event.total : 0);
    request.onload = () => {
      const isGood = 200 <= request.status && request.status < 300;
      if (isGood) resolve(JSON.parse(request.responseText) as T);
      else reject(problem(request.status, request.statusText, request.responseText));
    };
    request.onerror = () => reject(new ApiError(0, 'no_answer', 'no answer'));
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(body);
  });
}

/** Files of text beyond this are looked at by their beginning. */
const HEAD_BYTES = 8_000_000;
const NEWLINE = 0x0a;

/** Returns what is enough to look at a file: of a long text its first lines, else all of it. */
export async function headOf(file: File): Promise<Blob> {
  const isText = /\.(?:csv|tsv|txt|jsonl|ndjson)$/i.test(file.name);
  if (!isText || file.size <= HEAD_BYTES) return file;
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const last = head.lastIndexOf(NEWLINE);
  if (last < 0) return file;
  // The second half of a character of UTF-16 belongs to the line.
  return file.slice(0, head[last + 1] === 0 ? last + 2 : last + 1);
}
