import assert from 'node:assert/strict';
import { test } from 'node:test';

import { frameRefusal, freeName } from '../../src/lib/picture-rules.ts';
import { imageBox, placeOf } from '../../src/widgets/image-place.ts';

test('a file gets a name that no picture has', () => {
  assert.equal(freeName('hall.png', []), 'hall.png');
  assert.equal(freeName('hall.png', ['hall.png', 'hall (2).png']), 'hall (3).png');
  assert.equal(freeName('.svg', ['.svg']), '.svg (2)');
  assert.equal(freeName(' a\u0000b\n.svg ', []), 'ab.svg');
  assert.equal(freeName('\u0007', []), 'picture');
  const long = freeName(`${'𝄞'.repeat(200)}.svg`, []);
  assert.equal([...long].length, 128);
  assert.ok(long.endsWith('𝄞.svg'));
  assert.equal([...freeName(`${'x'.repeat(200)}.svg`, [`${'x'.repeat(124)}.svg`])].length, 128);
});

test('an image keeps its shape in its tile', () => {
  const [image, tile] = [
    { width: 200, height: 100 },
    { width: 100, height: 100 },
  ];
  assert.deepEqual(imageBox('contain', image, tile), { width: 100, height: 50 });
  assert.deepEqual(imageBox(undefined, image, tile), { width: 100, height: 50 });
  assert.deepEqual(imageBox('cover', image, tile), { width: 200, height: 100 });
  assert.deepEqual(imageBox('none', image, tile), image);
  assert.deepEqual(imageBox('contain', { width: 0, height: 0 }, tile), tile);
});

test('values stand where they are put, others below each other', () => {
  assert.deepEqual(placeOf({ x: 0, y: 100 }, 3), { x: 0, y: 100 });
  const places = Array.from({ length: 21 }, (_, at) => placeOf({}, at));
  assert.equal(new Set(places.map(({ x, y }) => `${x} ${y}`)).size, 21);
  assert.ok(places.every(({ x, y }) => x <= 100 && y <= 100));
});

test('a page is framed only when its server is on the list', () => {
  const own = 'https://hmi.example';
  const allowed = ['https://nodered.example:1880', 'http://old.example', own];
  const of = (url: string, list = allowed): unknown => frameRefusal(url, list, own).refusal;
  assert.equal(of('https://nodered.example:1880/ui?a=1'), null);
  assert.equal(of(''), 'none');
  assert.equal(of('javascript:alert(1)'), 'address');
  assert.equal(of('nodered.example'), 'address');
  assert.equal(of('https://hmi.example/d/1'), 'own');
  assert.equal(of('https://nodered.example/ui'), 'foreign');
  assert.equal(of('https://nodered.example:1880@evil.example/'), 'foreign');
  assert.equal(of('https://nodered.example:1880/', []), 'closed');
  assert.equal(of('http://old.example/a'), 'plain');
  assert.equal(
    frameRefusal('http://old.example/a', allowed, 'http://hmi.example').refusal,
    null,
  );
});
