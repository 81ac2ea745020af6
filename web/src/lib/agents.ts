/** What a browser says of itself, in few words. */

/** The first that is found counts: most browsers also name the one they descend from. */
const BROWSERS = [
  ['Edge', /\bEdg(?:e|A|iOS)?\/(\d+)/],
  ['Opera', /\bOPR\/(\d+)/],
  ['Samsung Internet', /\bSamsungBrowser\/(\d+)/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d+)/],
  ['Chromium', /\b(?:Headless)?(?:Chrome|Chromium|CriOS)\/(\d+)/],
  ['Safari', /\bVersion\/(\d+).*\bSafari\//],
] as const;

const SYSTEMS = [
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['Windows', /Windows/],
  ['macOS', /Macintosh/],
  ['Linux', /Linux|X11/],
] as const;

/** Returns browser and system, e.g. "Firefox 130, Linux"; of a program its first word. */
export function browserOf(agent: string): string {
  const system = SYSTEMS.find(([, pattern]) => pattern.test(agent))?.[0];
  for (const [name, pattern] of BROWSERS) {
    const found = pattern.exec(agent);
    if (found) return [`${name} ${found[1]}`, system].filter(Boolean).join(', ');
  }
  return agent.split(/[\s;(]/, 1)[0] ?? '';
}
