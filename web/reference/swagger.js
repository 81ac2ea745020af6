// Draws Swagger UI from the document of this server, below whatever base path it has.
const documentUrl = new URL('../api/schema', document.currentScript.src);

SwaggerUIBundle({
  url: documentUrl.href,
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  // The browser's own session signs the requests that are tried.
  persistAuthorization: false,
  // The default asks a server outside whether the document is right.
  validatorUrl: null,
});
