// Small pictures of pages on one sheet, to see that they look as they did.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Pixels of a page for one of its picture: enough for the layout, too few for digits. */
const SHRINK = 16;
const COLUMNS = 12;
/** Difference of a colour channel that an eye would see. */
const CHANNEL = 28;
const AGAIN_MS = 500;

const asUrl = (png) => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;

/** Runs in the page of a sheet: what draws and compares there. */
function tools({ width, height, columns, kept }) {
  const at = (nth) => [(nth % columns) * width, Math.floor(nth / columns) * height];
  const canvas = new OffscreenCanvas(width, height);
  const brush = canvas.getContext('2d', { willReadFrequently: true });
  brush.imageSmoothingQuality = 'high';
  const load = async (url) => createImageBitmap(await (await fetch(url)).blob());
  const pictures = [];
  /** Share of the pixels of a picture that are not as they were kept; 1 where none was kept. */
  window.add = async (url, nth, channel) => {
    brush.drawImage(await load(url), 0, 0, width, height);
    pictures[nth] = brush.getImageData(0, 0, width, height);
    const old = kept && (await load(kept));
    const [x, y] = at(nth);
    if (!old || old.height < y + height) return 1;
    brush.clearRect(0, 0, width, height);
    brush.drawImage(old, -x, -y);
    const before = brush.getImageData(0, 0, width, height).data;
    const now = pictures[nth].data;
    let count = 0;
    for (let pixel = 0; pixel < now.length; pixel += 4) {
      const isOther = [0, 1, 2].some(
        (part) => channel < Math.abs(now[pixel + part] - before[pixel + part]),
      );
      if (isOther) count += 1;
    }
    return count / (width * height);
  };
  window.sheet = async () => {
    const rows = Math.ceil(pictures.length / columns);
    const all = new OffscreenCanvas(columns * width, rows * height);
    const paper = all.getContext('2d');
    pictures.forEach((picture, nth) => paper.putImageData(picture, ...at(nth)));
    const bytes = new Uint8Array(await (await all.convertToBlob()).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  };
}

/** The pictures of one width and theme, in the order of the routes. */
export class Sheet {
  #page;
  #path;
  #count = 0;

  static async open(browser, path, width, height) {
    const page = await (await browser.newContext()).newPage();
    const kept = existsSync(path) ? asUrl(readFileSync(path)) : null;
    const size = { width: Math.round(width / SHRINK), height: Math.round(height / SHRINK) };
    await page.evaluate(tools, { ...size, columns: COLUMNS, kept });
    return new Sheet(page, path);
  }

  constructor(page, path) {
    this.#page = page;
    this.#path = path;
  }

  /**
   * Adds a picture of a page; returns the share of its pixels that are not as they were kept. One
   * that is not as before is taken once more, for a page that was still at work.
   */
  async add(page, most) {
    const nth = this.#count;
    this.#count += 1;
    const look = async () => {
      const args = [asUrl(await page.screenshot()), nth, CHANNEL];
      return this.#page.evaluate((picture) => window.add(...picture), args);
    };
    const share = await look();
    if (share <= most) return share;
    await page.waitForTimeout(AGAIN_MS);
    return look();
  }

  async save(path = this.#path) {
    mkdirSync(dirname(path), { recursive: true });
    const bytes = await this.#page.evaluate(() => window.sheet());
    writeFileSync(path, Buffer.from(bytes, 'base64'));
  }

  close() {
    return this.#page.context().close();
  }
}

/** Returns what pictures depend on beside the pages: the browser and its fonts. */
export async function drawer(browser) {
  const page = await (await browser.newContext()).newPage();
  const widths = await page.evaluate(() => {
    const brush = new OffscreenCanvas(1, 1).getContext('2d');
    const fonts = ['16px system-ui', 'bold 16px system-ui', '16px monospace'];
    return fonts.flatMap((font) =>
      ['Headworks 0123,4 °C', '锅炉房压力'].map((text) => {
        brush.font = font;
        return brush.measureText(text).width;
      }),
    );
  });
  await page.context().close();
  return `Chromium ${browser.version().split('.')[0]}, widths ${widths.join(' ')}`;
}
