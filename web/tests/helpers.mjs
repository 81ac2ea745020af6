// The real binary with the demo plant, and the real browser, for all browser tests.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The first account of every server. */
export const OWNER = { name: 'owner', password: 'kettle-drum 7 ferry' };

/** Password of every other account. */
export const PASSWORD = 'teapot-lantern 9 grove';

/** Longest wait for what should be there at once, on a machine that is busy. */
export const SOON = 30_000;

function binary() {
  if (process.env.HEADWORKS_BIN) return process.env.HEADWORKS_BIN;
  const target = fileURLToPath(new URL('../../target/', import.meta.url));
  const built = ['release', 'debug']
    .map((kind) => join(target, kind, 'headworks'))
    .filter(existsSync);
  if (built.length === 0) throw new Error('no headworks binary; build it or set HEADWORKS_BIN');
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts and stops the server; every test file has its own, with its own data. */
export class Server {
  #process = null;
  #data = null;
  #port = 0;
  #settings;
  #file;
  #extra;
  #log = [];
  /** Access token of the owner. */
  token = process.env.HEADWORKS_TOKEN ?? '';
  /** Cookies of the owner's session, for browsers. */
  cookies = [];
  url = process.env.HEADWORKS_URL?.replace(/\/$/, '') ?? '';

  /**
   * `settings` are variables such as `HEADWORKS__BACKUP__DIRECTORY`, `file` is the text of a
   * settings file, `extra` are further arguments.
   */
  constructor(settings = {}, file = null, extra = ['--demo']) {
    this.#settings = settings;
    this.#extra = extra;
    this.#file = file;
  }

  /** Whether the server is ours, so that it may be stopped. */
  get isOurs() {
    return !process.env.HEADWORKS_URL;
  }

  /** Starts the server with its owner signed in; `base` is the base path in its settings. */
  async start(base = '') {
    if (!this.isOurs) return;
    const needed = await this.launch(base);
    await this.#enter(needed);
  }

  /** Starts the server as it is; returns whether it still has to be set up. */
  async launch(base = '') {
    this.#data ??= mkdtempSync(join(tmpdir(), 'headworks-ui-'));
    this.#port ||= await freePort();
    this.url = `http://127.0.0.1:${this.#port}${base}`;
    const listen = `127.0.0.1:${this.#port}`;
    this.#log = [];
    const order = ['run', ...this.#extra, '--data', this.#data, '--listen', listen];
    if (this.#file !== null) {
      const path = `${this.#data}.toml`;
      writeFileSync(path, this.#file);
      order.push('--config', path);
    }
    this.#process = spawn(binary(), order, { env: { ...process.env, ...this.#settings } });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on('data', (text) => this.#log.push(String(text)));
    }
    for (let tries = 0; ; tries += 1) {
      if (this.#process.exitCode !== null || 200 < tries) throw new Error(this.#log.join(''));
      try {
        return (await (await fetch(`${this.url}/api/v1/setup`)).json()).needed;
      } catch (error) {
        if (error instanceof SyntaxError || error.cause === undefined) throw error;
        // Not listening yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Returns the token that the console shows at the first start. */
  async setUpToken() {
    const token = () => /set-up token +(\S+)/.exec(this.#log.join(''))?.[1];
    for (let tries = 0; !token() && tries < 50; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return token();
  }

  /** Signs somebody in elsewhere; returns the access token. */
  async signIn(name, password) {
    return (await this.call('POST', 'session', { name, password })).access_token;
  }

  /** Makes the owner at the first start, and signs them in at every other. */
  async #enter(isFirst) {
    const body = isFirst ? { token: await this.setUpToken(), ...OWNER } : OWNER;
    const answer = await fetch(`${this.url}/api/v1/${isFirst ? 'setup' : 'session'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const { access_token: access } = await answer.json();
    this.token = access;
    this.cookies = answer.headers.getSetCookie().map((text) => {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text);
      return { name, value, url: this.url, httpOnly: true, sameSite: 'Strict' };
    });
  }

  async stop() {
    const child = this.#process;
    if (!child) return;
    this.#process = null;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async end() {
    await this.stop();
    if (!this.#data) return;
    for (const path of [this.#data, `${this.#data}.toml`])
      rmSync(path, { recursive: true, force: true });
  }

  async call(method, path, body) {
    const answer = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Returns the tag of a path. */
  async tag(path) {
    const { items } = await this.call('GET', `tags?pattern=${encodeURIComponent(path)}`);
    if (items.length !== 1) throw new Error(`${items.length} tags at ${path}`);
    return items[0];
  }
}

/** Places a device in an asset, makes a group of another, and leaves something in the bin. */
export async function place(server, devices) {
  const site = '0192d3c0-0000-7000-8000-000000000001';
  const asset = '0192d3c0-0000-7000-8000-000000000002';
  const group = '0192d3c0-0000-7000-8000-000000000003';
  const lost = '0192d3c0-0000-7000-8000-000000000004';
  const made = (kind, id, body) => ({ op: 'create', kind, id, body });
  const edits = [
    made('asset', site, { name: 'berlin', level: 'site' }),
    made('asset', asset, { name: 'utilities', level: 'area', parent: site }),
    made('group', group, { name: 'Energy', devices: [devices[1].id] }),
    made('group', lost, { name: 'Lost' }),
    { op: 'patch', id: devices.at(-1).id, patch: { asset } },
  ];
  await server.call('POST', 'edits', { edits });
  await server.call('DELETE', `groups/${lost}`);
  return { site, asset, group };
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.HEADWORKS_CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
}

/** What a browser may say while the server is away. */
const EXPECTED = /WebSocket connection to|Failed to load resource|net::ERR_CONNECTION/;

/** Said because of `serviceWorkers: 'block'`: what is tested comes from the server. */
const NO_WORKER = 'Service Worker registration blocked by Playwright';

/** Opens a page that notes every error, refused content and unexpected word on the console. */
export async function open(browser, server, path = '/', options = {}) {
  const {
    width = 1600,
    height = 900,
    theme = 'light',
    locale = 'en-GB',
    touch = false,
    keepsLook = false,
  } = options;
  // The account keeps theme and language, and the test before may have chosen others.
  if (!keepsLook) await server.call?.('DELETE', 'me/preferences/look').catch(() => undefined);
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale,
    hasTouch: touch,
    serviceWorkers: 'block',
    ...options.context,
  });
  if (options.signedIn !== false) await context.addCookies(server.cookies);
  const page = await context.newPage();
  page.setDefaultTimeout(SOON);
  const problems = [];
  const pending = new Set();
  page.on('request', (request) => pending.add(request));
  for (const end of ['requestfinished', 'requestfailed'])
    page.on(end, (request) => pending.delete(request));
  page.on('pageerror', (error) => problems.push(`error: ${error.stack}`));
  page.on('console', (message) => {
    if (message.text() === NO_WORKER) return;
    const isLoud = ['error', 'warning'].includes(message.type());
    if (isLoud && !(options.mayLoseLink && EXPECTED.test(message.text()))) {
      problems.push(`console: ${message.text()}`);
    }
  });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(server.url + path);
  await page.locator('h1').waitFor();
  return { page, problems, pending, close: () => context.close() };
}

/** Returns where an element is; one that is just being made anew is waited for. */
export async function boxOf(locator) {
  for (let tries = 0; tries < 100; tries += 1) {
    const box = await locator.boundingBox();
    if (box) return box;
    await locator.page().waitForTimeout(100);
  }
  throw new Error(`${locator} is not to be seen`);
}

/** Returns what went wrong on a page so far. */
export async function problemsOf({ page, problems }) {
  const violations = await page.evaluate(() => window.violations);
  return [...problems, ...violations];
}

/**
 * Runs `run` on a page of its own and demands that nothing was wrong behind the scenes; `mayRefuse`
 * are refusals that belong to the test, of which the console tells too.
 */
export async function withPage(browser, server, path, options, run) {
  const where = typeof path === 'function' ? await path() : path;
  const session = await open(browser, options.server ?? server, where, options);
  try {
    await run(session.page, session);
    const problems = await problemsOf(session);
    assert.deepEqual(
      problems.filter((problem) => !options.mayRefuse?.test(problem)),
      [],
    );
  } finally {
    await session.close();
  }
}

/** Types a name and a password into the form of the sign-in. */
export async function fill(page, name, password) {
  await page.locator('input[name="username"]').fill(name);
  await page.locator('input[name="password"]').fill(password);
  await page.keyboard.press('Enter');
}

/** Signs somebody in, and waits for the pages. */
export async function signIn(page, name, password = PASSWORD) {
  await fill(page, name, password);
  await page.locator('nav.rail').waitFor();
}

/** Returns the pages in the rail. */
export const rail = (page) => page.locator('nav.rail a').allInnerTexts();
