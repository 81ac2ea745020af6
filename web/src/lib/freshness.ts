/** Quality and age of a value: what a tile may claim. */

export type Freshness = 'good' | 'late' | 'stale' | 'uncertain' | 'bad' | 'none';

export const LATE_MS_MIN = 5_000;
export const STALE_MS_MIN = 10_000;

export interface Moment {
  /** OPC UA status code. */
  quality: number;
  /** Age of the sample in milliseconds by the server's clock, or NaN when never read. */
  ageMs: number;
  /** Expected time between samples in milliseconds. */
  periodMs: number;
  linkUp: boolean;
}

/** Returns the state that is shown; losing the link outweighs all, bad outweighs late. */
export function freshness({ quality, ageMs, periodMs, linkUp }: Moment): Freshness {
  if (Number.isNaN(ageMs)) return 'none';
  if (quality === WAITING) return 'none';
  if (!linkUp) return 'stale';
  const severity = quality >>> 30;
  if (2 <= severity) return 'bad';
  if (Math.max(STALE_MS_MIN, 10 * periodMs) < ageMs) return 'stale';
  if (severity === 1) return 'uncertain';
  return Math.max(LATE_MS_MIN, 3 * periodMs) < ageMs ? 'late' : 'good';
}

/** BadWaitingForInitialData: there was no sample yet. */
export const WAITING = 0x8032_0000;
/** GoodLocalOverride: set by hand. */
export const OVERRIDE = 0x0096_0000;

const NAMES: Record<number, string> = {
  0x0000_0000: 'Good',
  0x0030_0000: 'GoodClamped',
  0x0096_0000: 'GoodLocalOverride',
  0x408f_0000: 'UncertainNoCommunicationLastUsableValue',
  0x4090_0000: 'UncertainLastUsableValue',
  0x4094_0000: 'UncertainEngineeringUnitsExceeded',
  0x40a4_0000: 'UncertainDataSubNormal',
  0x8000_0000: 'Bad',
  0x8007_0000: 'BadDecodingError',
  0x801f_0000: 'BadUserAccessDenied',
  0x8031_0000: 'BadNoCommunication',
  0x8032_0000: 'BadWaitingForInitialData',
  0x8034_0000: 'BadNodeIdUnknown',
  0x803c_0000: 'BadOutOfRange',
  0x803d_0000: 'BadNotSupported',
  0x8089_0000: 'BadConfigurationError',
  0x808b_0000: 'BadDeviceFailure',
  0x808c_0000: 'BadSensorFailure',
  0x808d_0000: 'BadOutOfService',
  0x809b_0000: 'BadNoData',
  0x80ee_0000: 'BadServerTooBusy',
};

/** Returns the name of a status code as OPC UA writes it. */
export function qualityName(code: number): string {
  const known = NAMES[(code & 0xffff_0000) >>> 0];
  return known ?? `0x${code.toString(16).toUpperCase().padStart(8, '0')}`;
}
