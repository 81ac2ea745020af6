// A hub of its own for a benchmark, and the calls that fill it.
import { spawn } from "node:child_process";

const OWNER = { name: "owner", password: "kettle-drum 7 ferry" };
/** Samples of one block of columns. */
const BLOCK = 100_000;
const TAGS_PER_CALL = 1000;

/** Starts the hub on a free port with its owner signed in. */
export async function startHub(binary, data, extra = []) {
  const order = ["run", ...extra, "--listen", "127.0.0.1:0", "--data", data];
  const child = spawn(binary, order, { cwd: data, stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  const started = new Promise((resolve, reject) => {
    child.stdout.on("data", (bytes) => {
      text += bytes;
      const url = /http:\/\/[^\s]+/.exec(text)?.[0];
      const token = /set-up token +(\S+)/.exec(text)?.[1];
      if (url && token) resolve({ url, token });
    });
    child.on("exit", (code) => reject(new Error(`the hub ended with ${code}: ${text}`)));
  });
  const { url, token } = await started;
  const entered = await fetch(`${url}/api/v1/setup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, ...OWNER }),
  });
  if (!entered.ok) throw new Error(await entered.text());
  return new Hub(child, url, await entered.json(), entered.headers.getSetCookie());
}

/** A running hub. */
class Hub {
  #child;
  #access;

  constructor(child, url, { access_token: access }, cookies) {
    this.#child = child;
    this.#access = access;
    this.url = url;
    this.cookies = cookies.map((cookie) => {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      return { name, value, url, httpOnly: true, sameSite: "Strict" };
    });
  }

  async #send(method, path, type, body) {
    const answer = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: { "content-type": type, authorization: `Bearer ${this.#access}` },
      ...(body !== undefined && { body }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
    return text ? JSON.parse(text) : undefined;
  }

  call(method, path, body) {
    return this.#send(method, path, "application/json", body && JSON.stringify(body));
  }

  /** Makes a device with `tags` tags that are polled so often; returns the tags. */
  async device(connection, { name, unit, tags, periodMs }) {
    const device = await this.call("POST", "devices", {
      name,
      connection,
      path: `bench/${name}`,
      period_ms: periodMs,
      settings: { unit_id: unit },
    });
    const bodies = Array.from({ length: tags }, (_, at) => ({
      device: device.id,
      name: `t${String(at).padStart(4, "0")}`,
      address: `holding:${at}`,
      unit: "rpm",
    }));
    for (let at = 0; at < bodies.length; at += TAGS_PER_CALL)
      await this.call("POST", "tags", { items: bodies.slice(at, at + TAGS_PER_CALL) });
    const pattern = encodeURIComponent(`bench/${name}/*`);
    const found = [];
    let cursor = "";
    do {
      const page = await this.call("GET", `tags?limit=1000&pattern=${pattern}${cursor}`);
      found.push(...page.items);
      cursor = page.next_cursor ? `&cursor=${encodeURIComponent(page.next_cursor)}` : "";
    } while (cursor);
    return found;
  }

  /** Stores a wave of so many samples, up to a minute ago, of each tag. */
  async fill(tags, samples, stepMs = 1000) {
    const lastMs = Date.now() - 60_000;
    for (const [nth, { path }] of tags.entries()) {
      for (let done = 0; done < samples; done += BLOCK) {
        const count = Math.min(BLOCK, samples - done);
        const startMs = lastMs - (samples - 1 - done) * stepMs;
        const body = block(path, { startMs, stepMs, count, nth });
        const type = "application/vnd.headworks.samples";
        const route = "history/import?durable=true";
        const { refusals } = await this.#send("POST", route, type, body);
        if (0 < refusals.length) throw new Error(`${path}: ${refusals[0].reason}`);
      }
    }
  }

  async stop() {
    this.#child.removeAllListeners("exit");
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await ended;
  }
}

/** Returns samples as a block of columns: a wave with noise, from an instant on. */
function block(path, { startMs, stepMs, count, nth }) {
  const name = Buffer.from(path);
  const head = Buffer.alloc(12);
  head.write("HWB1");
  head[4] = 2;
  head.writeUInt16LE(name.length, 6);
  head.writeUInt32LE(count, 8);
  const times = Buffer.alloc(8 * count);
  const values = Buffer.alloc(8 * count);
  for (let at = 0; at < count; at += 1) {
    const timeMs = startMs + at * stepMs;
    times.writeBigInt64LE(BigInt(timeMs) * 1000n, 8 * at);
    const noise = ((timeMs * 7919 + nth * 104_729) % 1000) / 50;
    const value = Math.round(5000 + 4000 * Math.sin(timeMs / 900_000 + nth) + noise);
    values.writeBigUInt64LE(BigInt(value), 8 * at);
  }
  return Buffer.concat([head, name, times, values]);
}
