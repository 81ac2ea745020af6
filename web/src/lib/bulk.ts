/** Many tags from lines of text: name, address, type, unit, scale; as pasted from a spreadsheet. */
import { parseNumber } from './format.ts';
import type { TagBody } from './types.ts';

export interface BulkLine {
  /** Line in the text, from 1. */
  line: number;
  cells: string[];
  tag: TagBody;
}

const SEPARATOR = /\t|;/;

/** Returns one tag per line that is not empty; what the cells mean is checked by the server. */
export function parseBulk(text: string, device: string): BulkLine[] {
  return text
    .split(/\r?\n/)
    .map((line, at) => ({
      line: at + 1,
      cells: line.split(SEPARATOR).map((cell) => cell.trim()),
    }))
    .filter(({ cells }) => cells.some(Boolean))
    .map(({ line, cells }) => ({ line, cells, tag: tagOf(cells, device) }));
}

function tagOf(cells: string[], device: string): TagBody {
  const [name = '', address = '', type = '', unit = '', scale = ''] = cells;
  const factor = scale === '' ? null : parseNumber(scale);
  return {
    device,
    name,
    address,
    data_type: (type || 'uint16') as TagBody['data_type'],
    ...(unit && { unit }),
    ...(factor !== null && { scale: factor }),
  };
}

/** Returns the problems of a many-in-one answer by place in the list. */
export function problemsByItem(errors: Record<string, string>): Map<number, string> {
  const found = new Map<number, string>();
  for (const [pointer, detail] of Object.entries(errors)) {
    const match = /^\/(?:items\/)?(\d+)(\/.*)?$/.exec(pointer);
    if (!match) continue;
    const text = match[2] ? `${match[2].slice(1)}: ${detail}` : detail;
    const at = Number(match[1]);
    found.set(at, [found.get(at), text].filter(Boolean).join('; '));
  }
  return found;
}
