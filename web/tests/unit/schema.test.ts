import assert from 'node:assert/strict';
import test from 'node:test';
import { fieldsOf, isFineTuning, initial, labelOf, prune, unitOf } from '../../src/lib/schema.ts';
import type { Schema } from '../../src/lib/types.ts';

const MODBUS = {
  type: 'object',
  properties: {
    transport: {
      default: 'tcp',
      oneOf: [{ const: 'tcp', description: 'Modbus TCP.' }, { const: 'rtu' }],
    },
    endpoint: { type: 'string', default: '', 'x-transports': ['tcp'] },
    serial_port: { type: 'string', default: '', 'x-transports': ['rtu'] },
    timeout_ms: { type: 'integer', minimum: 10, maximum: 60000, default: 1000 },
    retries: { type: ['integer', 'null'], default: null },
  },
} as unknown as Schema;

const names = (schema: Schema, value: Record<string, unknown>): string[] =>
  fieldsOf(schema, schema, value).map(({ name }) => name);

test('fields that do not apply to the transport are absent', () => {
  assert.deepEqual(names(MODBUS, {}), ['transport', 'endpoint', 'timeout_ms', 'retries']);
  assert.deepEqual(names(MODBUS, { transport: 'rtu' }), [
    'transport',
    'serial_port',
    'timeout_ms',
    'retries',
  ]);
});

test('values of another transport are kept in the form and left out of what is sent', () => {
  const value = {
    transport: 'rtu',
    endpoint: 'a:502',
    serial_port: '/dev/ttyUSB0',
    timeout_ms: 500,
    retries: null,
  };
  assert.deepEqual(prune(MODBUS, MODBUS, value), {
    transport: 'rtu',
    serial_port: '/dev/ttyUSB0',
    timeout_ms: 500,
  });
});

test('a form starts with the defaults', () => {
  assert.deepEqual(initial(MODBUS, MODBUS), {
    transport: 'tcp',
    endpoint: '',
    serial_port: '',
    timeout_ms: 1000,
  });
});

test('bounds, choices and nullable types are read', () => {
  const [transport, , timeout, retries] = fieldsOf(MODBUS, MODBUS, {});
  assert.deepEqual(
    transport?.choices.map(({ value, help }) => [value, help]),
    [
      ['tcp', 'Modbus TCP.'],
      ['rtu', ''],
    ],
  );
  assert.deepEqual([timeout?.kind, timeout?.min, timeout?.max], ['integer', 10, 60000]);
  assert.deepEqual([retries?.kind, retries?.nullable], ['integer', true]);
  assert.deepEqual(
    [labelOf('connect_timeout_ms'), unitOf('connect_timeout_ms'), unitOf('endpoint')],
    ['Connect timeout', 'ms', ''],
  );
});

test('what must be said comes first and fine tuning last', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      connect_timeout_ms: { type: 'integer', default: 3000 },
      endpoint: { type: 'string', default: '' },
      max_registers: { type: 'integer', default: 125 },
      read_back: { type: 'boolean', default: true },
      unit_id: { type: 'integer', default: 1 },
    },
  };
  const fields = fieldsOf(schema, schema, {});
  assert.deepEqual(
    fields.filter((field) => !isFineTuning(field)).map(({ name }) => name),
    ['endpoint', 'unit_id'],
  );
  assert.deepEqual(fields.map(({ name }) => name).slice(0, 2), ['endpoint', 'unit_id']);
});

test('references and tagged unions become a choice with the fields of the variant', () => {
  const schema: Schema = {
    type: 'object',
    properties: { link: { $ref: '#/$defs/Link' }, name: { type: 'string' } },
    required: ['link'],
    $defs: {
      Link: {
        oneOf: [
          {
            type: 'object',
            properties: { kind: { const: 'tcp' }, host: { type: 'string' } },
            required: ['kind', 'host'],
          },
          {
            type: 'object',
            properties: { kind: { const: 'serial' }, port: { type: 'string' } },
            required: ['kind'],
          },
        ],
      },
    },
  };
  const [link] = fieldsOf(schema, schema, {});
  assert.equal(link?.kind, 'object');
  assert.deepEqual(initial(schema, schema), { link: { kind: 'tcp' } });
  assert.deepEqual(
    fieldsOf(link?.schema as Schema, schema, { kind: 'serial' }).map(({ name }) => name),
    ['kind', 'port'],
  );
});
