/** A write to a tag as a tile shows it: asked, pending, confirmed by what was read back, failed. */
import { api } from '../lib/api.ts';
import { reason } from '../lib/errors.ts';
import { formatValue } from '../lib/format.ts';
import { i18n, t } from '../lib/i18n.svelte.ts';
import { live } from '../lib/live.svelte.ts';
import type { Point } from '../lib/plant.ts';
import { resource, type Resource } from '../lib/resource.svelte.ts';
import type { Scalar, Tag, Written } from '../lib/types.ts';

export interface Outcome {
  kind: 'pending' | 'done' | 'failed';
  text: string;
}

export class Writing {
  /** The value that is asked about; nothing when no question is open. */
  asked = $state.raw<Scalar | null>(null);
  outcome = $state.raw<Outcome | null>(null);
  readonly tag: Resource<Tag>;
  private point: () => Point;
  private decimals: () => number | null;

  constructor(point: () => Point, decimals: () => number | null = () => null) {
    this.point = point;
    this.decimals = decimals;
    const id = $derived(point().id);
    this.tag = resource((signal) => {
      void live.generation;
      return api.get<Tag>(`tags/${id}`, {}, signal);
    });
  }

  shown(value: Scalar | null): string {
    const point = this.point();
    const words = { yes: t('value.on'), no: t('value.off') };
    const unit = typeof value === 'number' ? point.unit : '';
    const decimals = this.decimals() ?? point.decimals;
    return `${formatValue(value, i18n.locale, decimals, words)} ${unit}`.trim();
  }

  /** Whether a value lies outside the range that the tag calls plausible. */
  isOutside(value: Scalar): boolean {
    const { min, max } = this.point();
    if (typeof value !== 'number') return false;
    return (min !== null && value < min) || (max !== null && max < value);
  }

  /** Never optimistic: the value on screen changes when the device's answer says so. */
  async write(value: Scalar): Promise<boolean> {
    this.asked = null;
    this.outcome = { kind: 'pending', text: t('write.pending', { value: this.shown(value) }) };
    try {
      const written = await api.post<Written>(`tags/${this.point().id}/write`, { value });
      this.outcome = this.judged(value, written);
      return this.outcome.kind === 'done';
    } catch (error) {
      this.outcome = { kind: 'failed', text: reason(error) };
      return false;
    }
  }

  private judged(value: Scalar, { confirmed, read_back: back = null }: Written): Outcome {
    if (confirmed)
      return { kind: 'done', text: t('write.confirmed', { value: this.shown(back ?? value) }) };
    if (back === null)
      return { kind: 'done', text: t('write.unconfirmed', { value: this.shown(value) }) };
    const text = t('write.differs', { value: this.shown(value), read: this.shown(back) });
    return { kind: 'failed', text };
  }
}
