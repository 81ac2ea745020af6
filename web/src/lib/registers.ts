/** Registers behind a number, for all four orders of bytes and words. */

export const ORDERS = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const;
export type Order = (typeof ORDERS)[number];

const SIZES: Record<string, number> = {
  int16: 2,
  uint16: 2,
  float16: 0,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
};

/** Returns whether registers can be shown for a data type. */
export function hasRegisters(dataType: string): boolean {
  return 0 < registerBytes(dataType);
}

/** Returns the bytes that a data type takes, 0 where they are not shown. */
export function registerBytes(dataType: string): number {
  return SIZES[dataType] ?? 0;
}

/** Returns the bytes of a raw number as the device sends them, or null where it does not fit. */
export function encode(raw: number, dataType: string, order: Order): Uint8Array | null {
  const size = SIZES[dataType] ?? 0;
  if (size === 0 || !Number.isFinite(raw)) return null;
  const bytes = new DataView(new ArrayBuffer(size));
  const whole = Math.round(raw);
  if (dataType === 'float32') bytes.setFloat32(0, raw);
  else if (dataType === 'float64') bytes.setFloat64(0, raw);
  else if (!fits(whole, dataType)) return null;
  else if (size === 2) bytes.setUint16(0, whole & 0xffff);
  else if (size === 4) bytes.setUint32(0, whole >>> 0);
  else bytes.setBigUint64(0, BigInt.asUintN(64, BigInt(whole)));
  return reorder(new Uint8Array(bytes.buffer), order);
}

/** Returns the raw number of bytes as the device sends them. */
export function decode(wire: Uint8Array, dataType: string, order: Order): number {
  const bytes = reorder(wire, order);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (dataType) {
    case 'int16':
      return view.getInt16(0);
    case 'uint16':
      return view.getUint16(0);
    case 'int32':
      return view.getInt32(0);
    case 'uint32':
      return view.getUint32(0);
    case 'int64':
      return Number(view.getBigInt64(0));
    case 'uint64':
      return Number(view.getBigUint64(0));
    case 'float32':
      return view.getFloat32(0);
    default:
      return view.getFloat64(0);
  }
}

/** Returns bytes as registers of four hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  const digits = [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'));
  return digits
    .map((pair, at) => (at % 2 === 1 && at < digits.length - 1 ? `${pair} ` : pair))
    .join('');
}

function fits(whole: number, dataType: string): boolean {
  const bits = (SIZES[dataType] ?? 0) * 8;
  return dataType.startsWith('u')
    ? 0 <= whole && whole < 2 ** bits
    : -(2 ** (bits - 1)) <= whole && whole < 2 ** (bits - 1);
}

/** Big-endian bytes to an order and back: every order is its own inverse. */
function reorder(bytes: Uint8Array, order: Order): Uint8Array {
  const out = Uint8Array.from(bytes);
  if (order === 'CDAB' || order === 'DCBA') out.reverse();
  if (order === 'CDAB' || order === 'BADC') {
    for (let at = 0; at + 1 < out.length; at += 2) out.subarray(at, at + 2).reverse();
  }
  return out;
}
