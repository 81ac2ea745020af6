// Says that the hub cannot be reached, and goes on by itself when it can.
const WORDS = __WORDS__;
const RETRY_MS = 5000;
const NO_HUB = [502, 504];
const base = new URL('.', import.meta.url).pathname;

function kept(key) {
  try {
    return localStorage.getItem(`headworks.${key}`);
  } catch {
    return null;
  }
}

/** The language that the pages would have; see `firstLanguage` in `src/lib/i18n.svelte.ts`. */
function language() {
  const wanted = [kept('language') ?? '', ...navigator.languages];
  const codes = wanted.map((tag) => tag.toLowerCase().split('-')[0]);
  return codes.find((code) => code in WORDS) ?? 'en';
}

const code = language();
const words = WORDS[code];
const find = (selector) => document.querySelector(selector);
document.documentElement.lang = code === 'zh' ? 'zh-Hans' : code;
const theme = kept('theme');
if (['light', 'dark'].includes(theme)) document.documentElement.dataset.theme = theme;
find('h1').textContent = words['offline.title'];
find('.what').textContent = words['offline.text'];
find('button').textContent = words['offline.retry'];
find('button').addEventListener('click', () => void ask());
document.title = `${words['offline.title']} – Headworks`;
window.addEventListener('online', () => void ask());
window.setInterval(() => void ask(), RETRY_MS);
tell();

/** Says when the hub was asked last. */
function tell() {
  const time = new Intl.DateTimeFormat(code, { timeStyle: 'medium', hourCycle: 'h23' });
  find('.next').textContent = words['offline.next'].replace('{time}', time.format(Date.now()));
}

async function ask() {
  try {
    const answer = await fetch(`${base}healthz`, { cache: 'no-store' });
    if (!NO_HUB.includes(answer.status)) window.location.reload();
  } catch {
    // Asked again in a moment.
  }
  tell();
}
