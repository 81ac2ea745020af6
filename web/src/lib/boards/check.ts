/** What is wrong with a tile before it is saved, in the words of the server's rules. */
import { t } from '../i18n.svelte.ts';
import type { Option } from '../../widgets/options.ts';
import { typeOf, type WidgetType } from '../../widgets/types.ts';
import type { Tile } from './draft.ts';

type NumberOption = Extract<Option, { kind: 'number' }>;

/** Returns why a number cannot be taken; nothing when it can. */
export function wrongNumber(option: NumberOption, value: number | null): string {
  if (value === null) return option.isOptional ? '' : t('boards.check.needed');
  if (!Number.isFinite(value)) return t('boards.check.number');
  if (option.isWhole && !Number.isInteger(value)) return t('boards.check.whole');
  const [min, max] = [option.min ?? -Infinity, option.max ?? Infinity];
  if (min <= value && value <= max) return '';
  return max === Infinity
    ? t('boards.check.least', { min })
    : t('boards.check.between', { min, max });
}

/** Types that show few tags take more without showing them. */
const KEPT_TAGS = 8;

/** Returns how many tags a widget of a type may have. */
export function mostTags(type: WidgetType): number {
  const [, most] = typeOf(type).tags;
  return most === 0 ? 0 : Math.max(KEPT_TAGS, most);
}

/** Returns what of a tile the server would refuse, by the path of the field. */
export function wrongInTile(tile: Tile): Record<string, string> {
  const wrong: Record<string, string> = {};
  const [least] = typeOf(tile.type).tags;
  const most = mostTags(tile.type);
  const count = tile.bindings.length;
  if (count < least) wrong['bindings'] = t('boards.check.tags_least', { n: least });
  if (most < count) wrong['bindings'] = t('boards.tags.most', { n: most });
  const { mode, min, max } = tile.axis;
  if (mode === 'static' && !(min != null && max != null && min < max))
    wrong['axis'] = t('boards.check.axis');
  return wrong;
}

/** Returns how well two colours, `#rrggbb` each, can be told apart: 1 to 21, as WCAG counts. */
export function contrast(a: string, b: string): number | null {
  const [one, other] = [luminance(a), luminance(b)];
  if (one === null || other === null) return null;
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function luminance(color: string): number | null {
  const digits = /^#([0-9a-f]{6})$/i.exec(color)?.[1];
  if (!digits) return null;
  const parts = [0, 2, 4].map((at) => {
    const part = Number.parseInt(digits.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const [red = 0, green = 0, blue = 0] = parts;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
