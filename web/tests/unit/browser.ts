/** As much of a browser as modules touch when they are loaded; to be imported first. */
const nothing = (): void => undefined;
const media = { matches: false, addEventListener: nothing };
const location = { pathname: '/', search: '', origin: 'http://localhost' };

Object.assign(globalThis, {
  window: { location, matchMedia: () => media, addEventListener: nothing },
  document: { documentElement: { dataset: {} }, addEventListener: nothing },
});
