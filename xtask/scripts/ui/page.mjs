// What a page does with the machine: frames, time of scripts, memory, and how late values are.

/** Counts frames for a while in the page itself. */
export function framesPerSecond(page, ms) {
  return page.evaluate(
    (span) =>
      new Promise((resolve) => {
        const begun = performance.now();
        let frames = 0;
        const next = (now) => {
          if (span <= now - begun) return resolve((frames * 1000) / (now - begun));
          frames += 1;
          requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      }),
    ms,
  );
}

/** Scrolls a box by a step at each frame, down and up again; returns frames per second. */
export function scrollFrames(page, selector, ms) {
  return page.evaluate(
    ([where, span]) =>
      new Promise((resolve, reject) => {
        const box = document.querySelector(where);
        if (!box) return reject(new Error(`there is no ${where}`));
        const begun = performance.now();
        let [frames, step] = [0, 90];
        const next = (now) => {
          if (span <= now - begun) return resolve((frames * 1000) / (now - begun));
          frames += 1;
          const before = box.scrollTop;
          box.scrollTop += step;
          if (box.scrollTop === before) step = -step;
          requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      }),
    [selector, ms],
  );
}

/** Figures of the browser about a page. */
export class Meter {
  #session;

  static async of(page) {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    return new Meter(session);
  }

  constructor(session) {
    this.#session = session;
  }

  async #metrics() {
    const { metrics } = await this.#session.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  }

  /** Returns the shares of the main thread that scripts and all tasks take for a while. */
  async shares(ms) {
    const before = await this.#metrics();
    await new Promise((resolve) => setTimeout(resolve, ms));
    const after = await this.#metrics();
    const wall = after.Timestamp - before.Timestamp;
    return {
      script: (after.ScriptDuration - before.ScriptDuration) / wall,
      tasks: (after.TaskDuration - before.TaskDuration) / wall,
    };
  }

  /** Returns what is in use after everything that can go is gone, in megabytes. */
  async heapMb() {
    await this.#session.send("HeapProfiler.collectGarbage");
    await this.#session.send("HeapProfiler.collectGarbage");
    return (await this.#metrics()).JSHeapUsedSize / 1e6;
  }

  async nodes() {
    return (await this.#metrics()).Nodes;
  }
}

/**
 * Runs in a page before its scripts: notes when a message comes over a socket, and the end of the
 * frame in which the page changed after it.
 */
export function watchSockets() {
  const VALUES = "\"op\":\"values\"";
  window.late = [];
  window.messages = 0;
  let arrived = null;
  window.WebSocket = class extends window.WebSocket {
    constructor(...parts) {
      super(...parts);
      this.addEventListener("message", ({ data }) => {
        if (typeof data !== "string" || !data.includes(VALUES)) return;
        window.messages += 1;
        arrived ??= performance.now();
      });
    }
  };
  new MutationObserver(() => {
    if (arrived === null) return;
    const since = arrived;
    arrived = null;
    const { port1, port2 } = new MessageChannel();
    // Comes after the frame that the change belongs to has been drawn.
    port1.onmessage = () => window.late.push(performance.now() - since);
    port2.postMessage(null);
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
