import './app.css';
import './live.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { startLive } from './lib/live.svelte.ts';
import { loadLanguage } from './lib/prefs.svelte.ts';
import { startRouter } from './lib/router.svelte.ts';

startRouter();
startLive();
await loadLanguage();
mount(App, { target: document.getElementById('app') as HTMLElement });
