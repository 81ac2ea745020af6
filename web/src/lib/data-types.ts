import type { DataType } from './types.ts';

/** Data types and byte orders as the configuration writes them. */

export const DATA_TYPES: readonly DataType[] = [
  'bool',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'float32',
  'int64',
  'uint64',
  'float64',
  'float16',
  'int8',
  'uint8',
  'int8_high',
  'uint8_high',
  'bcd16',
  'bcd32',
  'string',
];
