// The service worker: files of the build from its cache, and a page that says so when the hub
// cannot be reached. It never answers with stored values, nor with a stored page of the hub.
const VERSION = '__VERSION__';
const SHELL = __SHELL__;
const BASE = new URL('./', self.location).pathname;
const PREFIX = `headworks ${BASE} `;
const CACHE = PREFIX + VERSION;
/** Answers of a proxy in front of a hub that is down. */
const NO_HUB = [502, 504];

self.addEventListener('install', (event) => {
  event.waitUntil(store().then(() => self.skipWaiting()));
});

async function store() {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL.map((name) => new Request(BASE + name, { cache: 'reload' })));
}

self.addEventListener('activate', (event) => {
  event.waitUntil(tidy().then(() => self.clients.claim()));
});

/** Forgets the files of other versions; those of another hub on this host stay. */
async function tidy() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (!url.pathname.startsWith(BASE)) return;
  const path = url.pathname.slice(BASE.length);
  if (request.mode === 'navigate') {
    if (!path.startsWith('api/')) event.respondWith(page(request));
  } else if (path.startsWith('assets/')) event.respondWith(file(request));
  else if (SHELL.includes(path)) event.respondWith(shellFile(request, path));
});

/** Pages come from the hub, always. */
async function page(request) {
  try {
    const answer = await fetch(request);
    if (!NO_HUB.includes(answer.status)) return answer;
  } catch {
    // Told by the page of the shell.
  }
  return shellPage();
}

/** Names its files from the root: it stands in for pages at any depth. */
async function shellPage() {
  const answer = await stored('offline.html');
  if (answer.type === 'error') return answer;
  const text = (await answer.text()).replaceAll('__BASE__', BASE);
  const headers = new Headers(answer.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response(text, { status: 503, headers });
}

/** Files whose names hold a hash never change. */
async function file(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.status === 200) await cache.put(request, answer.clone());
  return answer;
}

/** Files of the shell come from the hub while it answers, so that they are never older. */
async function shellFile(request, path) {
  try {
    const answer = await fetch(request);
    if (answer.ok) return answer;
  } catch {
    // The stored one is there for this.
  }
  return stored(path);
}

async function stored(path) {
  return (await caches.match(BASE + path, { cacheName: CACHE })) ?? Response.error();
}
