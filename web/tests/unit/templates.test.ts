import './browser.ts';
import assert from 'node:assert/strict';
import test from 'node:test';

const { ApiError } = await import('../../src/lib/api.ts');
const templates = await import('../../src/lib/templates.ts');

type Item = import('../../src/lib/api.gen.ts').TemplateItem;
type Parameter = import('../../src/lib/api.gen.ts').TemplateParameter;

const refused = (...errors: [string, string][]): Error =>
  new ApiError(
    422,
    'invalid_body',
    'not accepted',
    errors.map(([pointer, detail]) => ({ pointer, detail })),
  );

const parameter = (name: string, type: Parameter['type'] = 'integer'): Parameter => ({
  name,
  type,
});

test('a template has what its base has, unless it has its own of the same name', () => {
  const base = {
    id: 'b',
    parameters: [parameter('unit_id'), parameter('ratio')],
    tags: [{ name: 'u' }, { name: 'i' }],
  } as unknown as Item;
  const own = {
    id: 'o',
    base: 'b',
    parameters: [parameter('ratio', 'number')],
    tags: [{ name: 'i', unit: 'A' }],
  } as unknown as Item;
  const all = [base, own];
  assert.deepEqual(templates.parametersOf(own, all).map(({ name, type }) => [name, type]), [
    ['unit_id', 'integer'],
    ['ratio', 'number'],
  ]);
  assert.deepEqual(templates.tagsOf(own, all), [{ name: 'u' }, { name: 'i', unit: 'A' }]);
  assert.equal(templates.parametersOf(base, all).length, 2);
});

const PARAMETERS = [parameter('unit_id'), parameter('ratio', 'number'), parameter('on', 'boolean')];

test('rows of a spreadsheet become devices, by the names of columns or by their order', () => {
  const plain = templates.parseDevices('a\tplant/a\t3\nb\tplant/b', PARAMETERS);
  assert.deepEqual(
    plain.rows.map(({ name, path, parameters }) => [name, path, parameters]),
    [
      ['a', 'plant/a', { unit_id: '3' }],
      ['b', 'plant/b', {}],
    ],
  );
  const named = templates.parseDevices('Ratio;colour;Name\r\n0,5;red;a\r\n', PARAMETERS);
  assert.deepEqual(named.unknown, ['colour']);
  assert.deepEqual(named.rows.map(({ name, parameters }) => [name, parameters]), [
    ['a', { ratio: '0,5' }],
  ]);
  const ids = new Set([...plain.rows, ...named.rows].map(({ id }) => id));
  assert.equal(ids.size, 3);
});

test('parameters get their type, and what does not fit is left to the server to refuse', () => {
  const row = {
    id: '1',
    name: ' a ',
    path: 'p',
    parameters: { unit_id: '7', ratio: '0,5', on: 'Yes', other: 'x' },
  };
  assert.deepEqual(templates.newDevices([row], PARAMETERS, 'c', ''), [
    { name: 'a', connection: 'c', path: 'p', parameters: { unit_id: 7, ratio: 0.5, on: true } },
  ]);
  const [placed] = templates.newDevices([{ ...row, parameters: { unit_id: 'seven' } }],
    PARAMETERS, 'c', 'asset') as { asset: string; parameters: object }[];
  assert.equal(placed?.asset, 'asset');
  assert.deepEqual(placed?.parameters, { unit_id: 'seven' });
});

test('what is said against devices is put to their rows', () => {
  const error = refused(
    ['/devices/1/parameters/unit_id', 'is outside'],
    ['/devices/1/name', 'is taken'],
    ['/devices/10', 'tag x: is no good'],
    ['/edits/0', 'is something else'],
  );
  assert.deepEqual([...templates.problemsByDevice(error)], [
    [1, 'unit_id: is outside; name: is taken'],
    [10, 'tag x: is no good'],
  ]);
  assert.equal(templates.problemsOf({ '/tags/3/scale': 'is 0', '/tag': 'x' }, '/tags'),
    '3/scale: is 0');
});

test('paths follow names, and a template of a device holds what is of its type', () => {
  assert.equal(templates.pathOf(' Pump #2 / East '), 'plant/pump-2-east');
  assert.equal(templates.pathOf(' '), '');
  const device = { name: 'm', period_ms: 500, settings: { unit_id: 9, order: 'CDAB' } };
  const tag = { id: 't', name: 'u', address: 'HR0', index: 4, unit: 'V', min: null, path: 'p/u' };
  assert.deepEqual(templates.templateOf(device as never, [tag as never], 'modbus'), {
    name: 'm',
    version: '1.0',
    protocol: 'modbus',
    period_ms: 500,
    settings: { unit_id: '${unit_id}', order: 'CDAB' },
    parameters: [{ name: 'unit_id', type: 'integer', default: 9, min: 0, max: 255 }],
    tags: [{ name: 'u', address: 'HR0', unit: 'V' }],
  });
});
