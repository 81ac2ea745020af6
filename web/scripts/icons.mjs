// Draws the PNG icons of the installed app from the mark in `public/favicon.svg`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch } from '../tests/helpers.mjs';

const folder = fileURLToPath(new URL('../public/', import.meta.url));
const mark = readFileSync(`${folder}favicon.svg`, 'utf8');
/** Systems cut a maskable icon to their own shape: it fills the square and keeps off the edge. */
const square = mark.replace(' rx="6"', '').replace('0 0 32 32', '-4 -4 40 40');
const maskable = square.replace(
  '<rect width="32" height="32"',
  '<rect x="-4" y="-4" width="40" height="40"',
);
const ICONS = [
  ['192.png', 192, mark],
  ['512.png', 512, mark],
  ['maskable.png', 512, maskable],
  ['apple.png', 180, maskable],
];

const browser = await launch();
for (const [name, size, svg] of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const sized = svg.replace('<svg ', `<svg width="${size}" height="${size}" `);
  await page.setContent(`<body style="margin:0;line-height:0">${sized}</body>`);
  writeFileSync(`${folder}icons/${name}`, await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
console.log(`${ICONS.length} icons in public/icons`);
