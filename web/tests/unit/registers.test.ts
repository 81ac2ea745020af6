import assert from 'node:assert/strict';
import test from 'node:test';
import { decode, encode, hex, ORDERS } from '../../src/lib/registers.ts';

test('numbers stand in registers as the specification of each order says', () => {
  const cases: [string, number, string[]][] = [
    ['uint32', 0x12345678, ['1234 5678', '5678 1234', '3412 7856', '7856 3412']],
    ['float32', 123.456, ['42F6 E979', 'E979 42F6', 'F642 79E9', '79E9 F642']],
    ['int32', -123456, ['FFFE 1DC0', '1DC0 FFFE', 'FEFF C01D', 'C01D FEFF']],
    [
      'float64',
      123456.789,
      [
        '40FE 240C 9FBE 76C9',
        '76C9 9FBE 240C 40FE',
        'FE40 0C24 BE9F C976',
        'C976 BE9F 0C24 FE40',
      ],
    ],
  ];
  for (const [type, value, want] of cases) {
    const shown = ORDERS.map((order) => hex(encode(value, type, order) ?? new Uint8Array()));
    assert.deepEqual(shown, want, type);
  }
});

test('what is encoded is decoded again', () => {
  const cases: [string, number][] = [
    ['int16', -2],
    ['uint16', 65535],
    ['int64', -1234567890123],
    ['uint64', 9007199254740991],
    ['float64', -0.1],
  ];
  for (const [type, value] of cases) {
    for (const order of ORDERS)
      assert.equal(decode(encode(value, type, order) as Uint8Array, type, order), value);
  }
});

test('what does not fit has no registers', () => {
  assert.equal(encode(65536, 'uint16', 'ABCD'), null);
  assert.equal(encode(-1, 'uint32', 'ABCD'), null);
  assert.equal(encode(1, 'string', 'ABCD'), null);
  assert.equal(encode(Number.NaN, 'float32', 'ABCD'), null);
});
