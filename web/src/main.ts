import './app.css';
import './live.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { keepShell } from './lib/install.ts';
import { loadLanguage } from './lib/prefs.svelte.ts';
import { startRouter } from './lib/router.svelte.ts';
import { session } from './lib/session.svelte.ts';

/** The first page comes before what is kept for a time without the hub. */
const SHELL_MS = 2000;

startRouter();
await Promise.all([loadLanguage(), session.start()]);
mount(App, { target: document.getElementById('app') as HTMLElement });

window.setTimeout(() => void keepShell(), SHELL_MS);
