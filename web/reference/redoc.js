// Draws ReDoc from the document of this server, below whatever base path it has.
const documentUrl = new URL('../api/schema', document.currentScript.src);

Redoc.init(
  documentUrl.href,
  // The search runs in a worker made from a text, which the content security policy forbids.
  { disableSearch: true, nativeScrollbars: true },
  document.querySelector('#reference'),
);
