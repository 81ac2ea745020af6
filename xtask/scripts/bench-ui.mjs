// Measures the web UI: bytes on the wire and time to the first paint, in headless Chromium against
// the release binary with the demonstration plant. Prints one JSON object per figure.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { chromium } = createRequire(join(root, "web/package.json"))("playwright-core");

const dist = join(root, "web/dist");
/** Loads of the page; the slowest counts. */
const LOADS = 7;
const GZIP_KB_MAX = 90;
const FIRST_PAINT_MS_MAX = 1000;

function report(name, value, unit, reach, met) {
  console.log(JSON.stringify({ name, value, unit, reach, met }));
}

/** Kilobytes of scripts and styles, each file compressed by itself as it is sent. */
function gzipKb(names) {
  const sources = names.filter((name) => /\.(js|css)$/.test(name));
  const bytes = sources.map(
    (name) => gzipSync(readFileSync(join(dist, name)), { level: 9 }).length,
  );
  return bytes.reduce((sum, length) => sum + length, 0) / 1000;
}

function startHub(data) {
  const hub = spawn(
    process.env.HEADWORKS_BINARY,
    ["run", "--demo", "--listen", "127.0.0.1:0", "--data", data],
    { cwd: data, stdio: ["ignore", "pipe", "ignore"] },
  );
  const url = new Promise((resolve, reject) => {
    let text = "";
    hub.stdout.on("data", (bytes) => {
      text += bytes;
      const found = /http:\/\/\S+(?=\s)/.exec(text);
      if (found) resolve(found[0]);
    });
    hub.on("exit", (code) => reject(new Error(`the hub ended with ${code}`)));
  });
  return { hub, url };
}

/** Loads the page anew each time; returns the times of the first paint and the files it loaded. */
async function load(url) {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const paints = [];
  const loaded = new Set();
  for (let load = 0; load < LOADS; load += 1) {
    // A context of its own: nothing comes from a cache.
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    page.on("request", (request) => loaded.add(new URL(request.url()).pathname.slice(1)));
    await page.goto(url, { waitUntil: "load" });
    const handle = await page.waitForFunction(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    );
    paints.push(await handle.jsonValue());
    // What the page fetches by itself after the first paint counts too.
    await page.waitForTimeout(1000);
    await context.close();
  }
  await browser.close();
  paints.sort((one, other) => one - other);
  return { paints, loaded: [...loaded] };
}

const all = gzipKb(readdirSync(dist, { recursive: true }).map(String));
report("UI: JS + CSS of all pages and languages, gzip", all, "kB", "-", true);

const data = mkdtempSync(join(tmpdir(), "headworks-ui-"));
const { hub, url } = startHub(data);
try {
  const { paints, loaded } = await load(await url);
  const kb = gzipKb(loaded);
  report("UI: JS + CSS of the first page, gzip", kb, "kB", `<= ${GZIP_KB_MAX}`, kb <= GZIP_KB_MAX);
  const worst = paints[paints.length - 1];
  const median = paints[(paints.length - 1) / 2];
  const reach = `< ${FIRST_PAINT_MS_MAX}`;
  report(`UI: first paint, slowest of ${LOADS}`, worst, "ms", reach, worst < FIRST_PAINT_MS_MAX);
  report(`UI: first paint, median of ${LOADS}`, median, "ms", "-", true);
} finally {
  hub.removeAllListeners("exit");
  hub.kill("SIGTERM");
  await new Promise((resolve) => hub.on("exit", resolve));
  rmSync(data, { recursive: true });
}
