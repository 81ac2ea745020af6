/** Numbers, times and spans as people read them, and numbers as they write them. */

const numbers = new Map<string, Intl.NumberFormat>();

function numberFormat(locale: string, decimals: number): Intl.NumberFormat {
  const key = `${locale} ${decimals}`;
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    numbers.set(key, format);
  }
  return format;
}

/**
 * Returns the decimals that show about four digits of a number.
 *
 * Whole numbers get them too: a measured 50 that next is 49.98 must not change its shape.
 */
export function autoDecimals(value: number): number {
  const size = Math.abs(value);
  if (1000 <= size) return 0;
  if (100 <= size) return 1;
  if (1 <= size) return 2;
  return size === 0 ? 0 : Math.min(6, 2 - Math.floor(Math.log10(size)));
}

/** Returns the decimals that tell marks of an axis apart: 2.5 needs one, 20 none. */
export function stepDecimals(step: number): number {
  for (let decimals = 0; decimals < 6; decimals += 1) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 && 1 <= scaled + 1e-6) return decimals;
  }
  return 6;
}

/** Returns a number with its decimals; very large and very small ones in powers of ten. */
export function formatNumber(value: number, locale: string, decimals?: number | null): string {
  const size = Math.abs(value);
  if (1e12 <= size || (size !== 0 && size < 1e-6 && decimals == null))
    return value.toExponential(3);
  return numberFormat(locale, decimals ?? autoDecimals(value)).format(value);
}

/** Returns a value of any kind; `yes` and `no` are the words for a bool. */
export function formatValue(
  value: boolean | number | string | null | undefined,
  locale: string,
  decimals: number | null | undefined,
  words: { yes: string; no: string },
): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  return typeof value === 'number' ? formatNumber(value, locale, decimals) : value;
}

/**
 * Returns the number that was meant by "71,4", "71.4", "1 234,5" or "1.234,5", or null.
 *
 * With one kind of mark that occurs once it is the decimal mark: "1.234" is 1.234 everywhere, and
 * what was understood is shown beside the field.
 */
export function parseNumber(text: string): number | null {
  let plain = text
    .replace(/[\s'_  ]/g, '')
    .replace(/^\+/, '')
    .replace('−', '-');
  const comma = plain.lastIndexOf(',');
  const point = plain.lastIndexOf('.');
  if (0 <= comma && 0 <= point) {
    const [group, mark] = comma < point ? [',', '.'] : ['.', ','];
    if (plain.indexOf(mark) !== plain.lastIndexOf(mark)) return null;
    if (!/^-?\d{1,3}(?:[.,]\d{3})*[.,]\d*(?:e[+-]?\d+)?$/i.test(plain)) return null;
    plain = plain.replaceAll(group, '').replace(mark, '.');
  } else if (0 <= comma) {
    if (plain.indexOf(',') !== comma) return null;
    plain = plain.replace(',', '.');
  }
  if (!/^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(plain)) return null;
  const number = Number(plain);
  return Number.isFinite(number) ? number : null;
}

const times = new Map<string, Intl.DateTimeFormat>();
let timeZone: string | undefined;

/** Returns the time zone that was chosen; nothing while it is that of the device. */
export const zoneInUse = (): string | undefined => timeZone;

/** Writes times in a zone from now on; returns it, or nothing where the browser has none such. */
export function setTimeZone(zone: string | null): string {
  times.clear();
  try {
    timeZone = zone && new Intl.DateTimeFormat('en', { timeZone: zone }) ? zone : undefined;
  } catch {
    timeZone = undefined;
  }
  return timeZone ?? '';
}

function timeFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let format = times.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale, { hourCycle: 'h23', timeZone, ...options });
    times.set(key, format);
  }
  return format;
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
const DAY = { day: '2-digit', month: '2-digit' } as const;

export function formatClock(ms: number, locale: string): string {
  return timeFormat(locale, CLOCK).format(ms);
}

export function formatClockMs(ms: number, locale: string): string {
  return timeFormat(locale, { ...CLOCK, fractionalSecondDigits: 3 }).format(ms);
}

export function formatDateTime(ms: number, locale: string): string {
  return timeFormat(locale, { ...CLOCK, ...DAY, year: 'numeric' }).format(ms);
}

/** Returns the month of an instant, short. */
export function formatMonth(ms: number, locale: string): string {
  return timeFormat(locale, { month: 'short' }).format(ms);
}

/** Returns a mark of a time axis: as fine as the distance between marks. */
export function formatTick(ms: number, stepMs: number, locale: string): string {
  if (stepMs < 1000)
    return timeFormat(locale, {
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
    }).format(ms);
  if (stepMs < 60_000) return formatClock(ms, locale);
  if (stepMs < 86_400_000)
    return timeFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(ms);
  return timeFormat(locale, DAY).format(ms);
}

const STEPS: [number, 'day' | 'hour' | 'minute' | 'second'][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];
/** The symbols of the SI are the same in every language that writes them in Latin letters. */
const SYMBOLS = { day: 'd', hour: 'h', minute: 'min', second: 's', millisecond: 'ms' };

function withUnit(value: number, unit: keyof typeof SYMBOLS, locale: string, digits = 0): string {
  const options = { maximumFractionDigits: digits };
  if (locale.startsWith('zh')) {
    const words = { style: 'unit', unit, unitDisplay: 'short', ...options } as const;
    return new Intl.NumberFormat(locale, words).format(value);
  }
  return `${new Intl.NumberFormat(locale, options).format(value)} ${SYMBOLS[unit]}`;
}

/** Returns a span as its one or two largest units, e.g. "2 h 5 min" or "0.4 s". */
export function formatSpan(ms: number, locale: string): string {
  const size = Math.abs(ms);
  const seconds = size / 1000;
  if (seconds < 0.9995) return withUnit(Math.round(size), 'millisecond', locale);
  if (seconds < 9.95) return withUnit(seconds, 'second', locale, 1);
  const at = STEPS.findIndex(([step]) => step <= seconds);
  const [step, unit] = STEPS[at] ?? [1, 'second'];
  const whole = Math.floor(seconds / step);
  const next = STEPS[at + 1];
  const rest = next ? Math.floor((seconds - whole * step) / next[0]) : 0;
  const first = withUnit(whole, unit, locale);
  return next && 0 < rest ? `${first} ${withUnit(rest, next[1], locale)}` : first;
}

/** Returns the age of a value; below a second it says nothing that an eye could follow. */
export function formatAge(ms: number, locale: string): string {
  if (ms < 1000) return `< ${formatSpan(1000, locale)}`;
  return formatSpan(Math.floor(ms / 1000) * 1000, locale);
}

/** Returns a number with all its digits, as somebody entered it. */
export function formatPlain(value: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 15 }).format(value);
}

/** Returns microseconds as milliseconds with the digits that matter. */
export function formatMicros(us: number | null | undefined, locale: string): string {
  if (us === null || us === undefined) return '–';
  const ms = us / 1000;
  const digits = ms < 1 ? 2 : ms < 100 ? 1 : 0;
  return `${formatNumber(ms, locale, digits)} ms`;
}

export function formatBytes(bytes: number, locale: string): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let at = 0;
  while (1000 <= size && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${formatNumber(size, locale, at === 0 || 100 <= size ? 0 : 1)} ${units[at]}`;
}

export function formatPercent(share: number | null | undefined, locale: string): string {
  if (share === null || share === undefined) return '–';
  const digits = share < 1 && 0.99 < share ? 2 : share < 0.1 ? 1 : 0;
  return new Intl.NumberFormat(locale, {
    style: 'percent',
    maximumFractionDigits: digits,
  }).format(share);
}
