// The pages of the reference of the API: both draw the document, from this server alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, problemsOf, Server, SOON } from './helpers.mjs';

const server = new Server();
let browser;

before(async () => {
  await server.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.end();
});

/** Opens a page and waits for what it should show; tells what went wrong or came from elsewhere. */
async function visit(path, wanted) {
  const session = await open(browser, server, '/');
  const { page } = session;
  session.problems.length = 0;
  await page.goto(server.url + path);
  // These pages draw a document of over a hundred operations at once.
  await wanted(page).first().waitFor({ timeout: 4 * SOON });
  const problems = await problemsOf(session);
  const foreign = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => new URL(name).host !== location.host && !name.startsWith('data:')),
  );
  return { ...session, problems, foreign };
}

/** Scrolls until an operation is drawn: of a long document only what is near the view is. */
async function reveal(page, operation) {
  for (let step = 0; step < 60 && (await operation.count()) === 0; step += 1) {
    await page.locator('.opblock').last().scrollIntoViewIfNeeded();
    await page.waitForTimeout(100);
  }
  await operation.scrollIntoViewIfNeeded();
}

for (const path of ['/api/docs', '/api/docs/']) {
  test(`Swagger UI at ${path} lists operations and tries one`, async () => {
    const operation = (page) => page.locator('#operations-tags-list_tags');
    const shown = (page) => page.locator('.opblock');
    const { page, problems, foreign, close } = await visit(path, shown);
    await reveal(page, operation(page));
    await operation(page).locator('button.opblock-summary-control').click();
    await operation(page).getByRole('button', { name: 'Try it out' }).click();
    await operation(page).getByRole('button', { name: 'Execute' }).click();
    const status = operation(page).locator('.live-responses-table tbody .response-col_status');
    assert.match(await status.first().innerText(), /^200/);
    assert.deepEqual([...problems, ...foreign], []);
    assert.deepEqual(await page.evaluate(() => window.violations), []);
    await close();
  });
}

test('ReDoc lists operations', async () => {
  const summary = { hasText: 'Lists tags with their present values.' };
  const operation = (page) => page.locator('h2', summary);
  const { problems, foreign, close } = await visit('/api/redoc', operation);
  assert.deepEqual([...problems, ...foreign], []);
  await close();
});

test('nobody reads the reference without signing in', async () => {
  for (const path of ['/api/docs', '/api/redoc', '/api/schema']) {
    const answer = await fetch(server.url + path);
    assert.equal(answer.status, 401, path);
  }
});
