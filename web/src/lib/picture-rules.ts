/** Rules of pictures and frames: names of files, and which pages are shown. */

const NAME_MAX = 128;

/** Returns a name for a file that no picture has yet: `hall.png`, else `hall (2).png`. */
export function freeName(file: string, taken: readonly string[]): string {
  const plain = file.replace(/[\u0000-\u001f\u007f-\u009f]/g, '').trim() || 'picture';
  const dot = plain.lastIndexOf('.');
  const [stem, end] = 0 < dot ? [plain.slice(0, dot), plain.slice(dot)] : [plain, ''];
  for (let number = 1; ; number += 1) {
    const tail = (number === 1 ? '' : ` (${number})`) + end;
    const name = [...stem].slice(0, NAME_MAX - [...tail].length).join('').trim() + tail;
    if (!taken.includes(name)) return name;
  }
}

/** Why a page is not framed; nothing when it is. */
export type FrameRefusal = 'none' | 'address' | 'own' | 'plain' | 'closed' | 'foreign';

/** Returns the origin of an address, and why it is not shown in a frame of the page `own`. */
export function frameRefusal(
  url: string,
  allowed: readonly string[],
  own: string,
): { origin: string; refusal: FrameRefusal | null } {
  if (!url) return { origin: '', refusal: 'none' };
  const read = URL.canParse(url) ? new URL(url) : null;
  if (!read || !/^https?:$/.test(read.protocol)) return { origin: url, refusal: 'address' };
  const { origin } = read;
  // A page of this server could take off its own bounds.
  if (origin === own) return { origin, refusal: 'own' };
  if (allowed.length === 0) return { origin, refusal: 'closed' };
  if (!allowed.includes(origin)) return { origin, refusal: 'foreign' };
  const isPlain = own.startsWith('https:') && read.protocol === 'http:';
  return { origin, refusal: isPlain ? 'plain' : null };
}
