// What axe finds wrong with a page.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Rules that depend on the theme. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** Returns every violation with the place and the reason. */
export const violations = (page) => run(page, { runOnly: { type: 'tag', values: RULES } });

/** Returns the violations that another theme may have. */
export const colourViolations = (page) => run(page, { runOnly: { type: 'rule', values: COLOURS } });

async function run(page, options) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const found = await page.evaluate((wanted) => window.axe.run(document, wanted), options);
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) =>
        `${id}: ${target.join(' ')}: ${failureSummary.split('\n').slice(1, 2)}`,
    ),
  );
}
