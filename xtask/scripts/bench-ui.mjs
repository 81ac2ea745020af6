// Measures the web UI in headless Chromium against the release binary: the bytes and the time to
// the first dashboard, a page on which much happens, long tables, and many dashboards over much
// history. Prints one JSON object per figure.
//
// UI_MINUTES (10) is how long the memory of the full page is watched, UI_SAMPLES (1000000) how many
// samples each tag of a chart has, UI_DASHBOARDS (100) how many dashboards are opened.
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startHub } from "./ui/hub.mjs";
import { startDevice } from "./ui/modbus.mjs";
import { framesPerSecond, Meter, percentile, scrollFrames, watchSockets } from "./ui/page.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { chromium } = createRequire(join(root, "web/package.json"))("playwright-core");

const number = (name, otherwise) => Number(process.env[name] ?? otherwise);
const MINUTES = number("UI_MINUTES", 10);
const SAMPLES = number("UI_SAMPLES", 1_000_000);
const DASHBOARDS = number("UI_DASHBOARDS", 100);
const WIDGETS = 100;
/** Loads of the first page; the slowest counts. */
const LOADS = 7;
const TREND_SAMPLES = 10_000;
/** Between samples of the many dashboards: a million of them are not yet a week old. */
const STEP_MS = 500;
const MEASURE_MS = 20_000;
const SETTLE_MS = 5_000;
const PATIENCE_MS = 60_000;

function report(name, value, unit, reach, met) {
  console.log(JSON.stringify({ name: `UI: ${name}`, value, unit, reach, met }));
}

const atMost = (name, value, unit, bound) =>
  report(name, value, unit, `<= ${bound}`, value <= bound);
const below = (name, value, unit, bound) =>
  report(name, value, unit, `< ${bound}`, value < bound);
const atLeast = (name, value, unit, bound) =>
  report(name, value, unit, `>= ${bound}`, bound <= value);
const told = (name, value, unit) => report(name, value, unit, "-", true);

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Returns the bytes of a file as the server sends it, packed by gzip. */
function gzipBytes(url) {
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "gzip" } }, (answer) => {
      let bytes = 0;
      answer.on("data", (part) => (bytes += part.length));
      answer.on("end", () => resolve(bytes));
    }).on("error", reject);
  });
}

async function gzipKb(urls) {
  const files = [...urls].filter((url) => /\.(?:js|css)$/.test(url));
  const bytes = await Promise.all(files.map(gzipBytes));
  return bytes.reduce((sum, one) => sum + one, 0) / 1000;
}

function launch() {
  return chromium.launch({
    executablePath: process.env.HEADWORKS_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

/** A page that is signed in, with nothing in its cache. */
async function fresh(browser, hub, viewport = { width: 1600, height: 1000 }) {
  const context = await browser.newContext({ viewport, serviceWorkers: "block" });
  await context.addCookies(hub.cookies);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

/** Waits until as many values are numbers as there should be. */
const valued = (page, count) =>
  page.waitForFunction(
    (wanted) =>
      wanted <=
      [...document.querySelectorAll("main .live .v")].filter((node) => /\d/.test(node.textContent))
        .length,
    count,
    { polling: "raf" },
  );

async function firstDashboard(browser) {
  const data = mkdtempSync(join(tmpdir(), "headworks-ui-"));
  const hub = await startHub(process.env.HEADWORKS_BINARY, data, ["--demo"]);
  try {
    await pause(3000);
    const [paints, lives] = [[], []];
    const [early, painted, all] = [new Set(), new Set(), new Set()];
    for (let load = 0; load < LOADS; load += 1) {
      const page = await fresh(browser, hub, { width: 1280, height: 800 });
      const asked = [];
      page.on("requestfinished", (request) =>
        asked.push({ url: request.url(), at: Date.now() }),
      );
      await page.goto(hub.url, { waitUntil: "commit" });
      await page.waitForFunction(() => document.querySelector("main .tile"), null, {
        polling: "raf",
      });
      const dashboardAt = Date.now();
      await valued(page, 1);
      const [paint, live, origin] = await page.evaluate(() => [
        performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
        performance.now(),
        performance.timeOrigin,
      ]);
      await page.locator("main [aria-label*='lowest'] canvas").first().waitFor();
      paints.push(paint);
      lives.push(live);
      for (const { url, at } of asked) {
        if (at <= origin + paint) early.add(url);
        if (at <= dashboardAt) painted.add(url);
        all.add(url);
      }
      await page.context().close();
    }
    told("JS + CSS until the first paint, gzip", await gzipKb(early), "kB");
    atMost("JS + CSS until tiles are painted, gzip", await gzipKb(painted), "kB", 90);
    told("JS + CSS until charts are drawn as well, gzip", await gzipKb(all), "kB");
    below(`first contentful paint, slowest of ${LOADS}`, Math.max(...paints), "ms", 1000);
    told(`first contentful paint, median of ${LOADS}`, percentile(paints, 0.5), "ms");
    below(`dashboard with live values, slowest of ${LOADS}`, Math.max(...lives), "ms", 2000);
    told(`dashboard with live values, median of ${LOADS}`, percentile(lives, 0.5), "ms");
  } finally {
    await hub.stop();
    rmSync(data, { recursive: true });
  }
}

const value = (tag, at) => ({
  type: "value",
  x: at % 12,
  y: Math.floor(at / 12),
  w: 1,
  h: 1,
  bindings: [{ tag }],
});

const chart = (tag, at, from, rangeMin) => ({
  type: "line",
  x: (at % 3) * 4,
  y: from + Math.floor(at / 3) * 3,
  w: 4,
  h: 3,
  bindings: [{ tag }],
  trend: { range_min: rangeMin },
});

/** Makes the plant of all further figures: 10,000 tags a second, 60 of them ten times a second. */
async function seed(hub, address) {
  const { id } = await hub.call("POST", "connections", {
    name: "bench",
    protocol: "modbus",
    settings: { endpoint: address },
  });
  const fast = await hub.device(id, { name: "fast", unit: 1, tags: 66, periodMs: 100 });
  const slow = [];
  for (let unit = 2; unit <= 11; unit += 1) {
    const name = `slow${unit}`;
    slow.push(...(await hub.device(id, { name, unit, tags: 1000, periodMs: 1000 })));
  }
  return { fast, slow };
}

/** A table of all tags, below `y` rows of tiles. */
const table = (y) => ({ type: "table", x: 0, y, w: 12, h: 5, filter: { pattern: "**" } });

async function fullPage(browser, hub, { fast, slow }) {
  const trends = fast.slice(60);
  await hub.fill(trends, TREND_SAMPLES);
  const widgets = fast.slice(0, 60).map(({ id }, at) => value(id, at));
  const charts = trends.map(({ id }, at) => chart(id, at, 5, Math.ceil(TREND_SAMPLES / 60) + 1));
  const { id } = await hub.call("POST", "dashboards", {
    name: "Full",
    groups: [{ name: "All", widgets: [...widgets, ...charts, table(11)] }],
  });
  const page = await fresh(browser, hub, { width: 1600, height: 1400 });
  await page.addInitScript(watchSockets);
  await page.goto(`${hub.url}/d/${id}`);
  await valued(page, 60);
  await page.locator("main [aria-label*='lowest'] canvas").nth(5).waitFor();
  const rows = page.locator("main .tile.table [aria-rowcount]");
  const count = Number(await rows.getAttribute("aria-rowcount")) - 1;
  await pause(SETTLE_MS);
  const what = `60 values x 10/s, 6 charts of ${TREND_SAMPLES}, table of ${count} tags`;
  const meter = await Meter.of(page);
  const { script, tasks } = await meter.shares(MEASURE_MS);
  atMost(`${what}: share of scripts`, script * 100, "%", 8);
  atMost(`${what}: main thread busy`, tasks * 100, "%", 35);
  atLeast(`${what}: frames`, await framesPerSecond(page, MEASURE_MS), "1/s", 50);
  const { late, messages } = await page.evaluate(() => ({
    late: window.late,
    messages: window.messages,
  }));
  told("messages with values that were timed", late.length, `of ${messages}`);
  below("value on the socket to the screen, p95", percentile(late, 0.95), "ms", 100);
  await memory(page, meter, what);
  await page.context().close();
  await scrolling(browser, hub, fast.length + slow.length);
}

async function memory(page, meter, what) {
  const before = await meter.heapMb();
  await page.evaluate(() => (window.late.length = 0));
  const begun = Date.now();
  let most = before;
  while (Date.now() - begun < MINUTES * 60_000) {
    await pause(Math.min(30_000, MINUTES * 60_000));
    await page.evaluate(() => (window.late.length = 0));
    most = Math.max(most, await meter.heapMb());
  }
  const after = await meter.heapMb();
  atMost(`${what}: heap`, most, "MB", 30);
  atMost(`${what}: growth in ${MINUTES} min`, after - before, "MB", 2);
  told(`${what}: nodes in use`, await meter.nodes(), "");
}

async function scrolling(browser, hub, tags) {
  const page = await fresh(browser, hub);
  await page.goto(`${hub.url}/tags`);
  await page.locator("main .box[role='grid'], main .box").first().waitFor();
  await valued(page, 10);
  await pause(SETTLE_MS);
  const meter = await Meter.of(page);
  const rows = await page.evaluate(() =>
    Number(document.querySelector("main [aria-rowcount]")?.getAttribute("aria-rowcount")),
  );
  told("rows of the table of tags", rows, `of ${tags}`);
  const { script } = await meter.shares(MEASURE_MS / 2);
  told("table of 10,000 tags at rest: share of scripts", script * 100, "%");
  const frames = await scrollFrames(page, "main .box", MEASURE_MS / 2);
  atLeast("table of 10,000 rows scrolls at", frames, "1/s", 45);
  atMost("table of 10,000 tags: heap", await meter.heapMb(), "MB", 30);
  await page.context().close();
}

async function manyDashboards(browser, hub, { slow }) {
  const [charts, values] = [slow.slice(0, 5), slow.slice(5)];
  const begun = Date.now();
  await hub.fill(charts, SAMPLES, STEP_MS);
  console.log(`${SAMPLES} samples of ${charts.length} tags stored in ${Date.now() - begun} ms`);
  const rangeMin = Math.min(1_051_200, Math.ceil((SAMPLES * STEP_MS) / 60_000) + 1);
  const each = WIDGETS - charts.length;
  const ids = [];
  for (let nth = 0; nth < DASHBOARDS; nth += 1) {
    const from = (nth * each) % (values.length - each);
    const widgets = values.slice(from, from + each).map(({ id }, at) => value(id, at));
    const lines = charts.map(({ id }, at) => chart(id, at, 8, rangeMin));
    const name = `Board ${String(nth).padStart(3, "0")}`;
    const groups = [{ name: "All", widgets: [...lines.map(low), ...widgets.map(high)] }];
    ids.push((await hub.call("POST", "dashboards", { name, groups })).id);
  }
  const page = await fresh(browser, hub);
  const times = [];
  for (const id of ids) {
    const start = Date.now();
    await page.goto(`${hub.url}/d/${id}`, { waitUntil: "commit" });
    await valued(page, each);
    await page.waitForFunction(
      (count) => count <= document.querySelectorAll("main [aria-label*='lowest']").length,
      charts.length,
      { polling: "raf" },
    );
    times.push(Date.now() - start);
  }
  const what = `${ids.length} dashboards of ${WIDGETS} widgets, ${SAMPLES} samples per chart`;
  below(`${what}: slowest to open`, Math.max(...times), "ms", 2000);
  told(`${what}: median to open`, percentile(times, 0.5), "ms");
  await page.context().close();
}

/** Charts stand at the top, so that all of them are in sight and read their history. */
const low = (widget) => ({ ...widget, y: widget.y - 8 });
const high = (widget) => ({ ...widget, y: widget.y + 6 });

const browser = await launch();
const data = mkdtempSync(join(tmpdir(), "headworks-ui-"));
try {
  await firstDashboard(browser);
  const device = await startDevice();
  const hub = await startHub(process.env.HEADWORKS_BINARY, data);
  try {
    const plant = await seed(hub, device.address);
    await fullPage(browser, hub, plant);
    await manyDashboards(browser, hub, plant);
  } finally {
    await hub.stop();
    device.stop();
  }
} finally {
  await browser.close();
  rmSync(data, { recursive: true });
}
