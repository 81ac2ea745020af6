import './app.css';
import './live.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { loadLanguage } from './lib/prefs.svelte.ts';
import { startRouter } from './lib/router.svelte.ts';
import { session } from './lib/session.svelte.ts';

startRouter();
await Promise.all([loadLanguage(), session.start()]);
mount(App, { target: document.getElementById('app') as HTMLElement });
