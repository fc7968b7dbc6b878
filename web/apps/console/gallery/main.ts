import '@waxseal/ui/console.css';
import { mount } from 'svelte';
import Console from '../src/App.svelte';
import { App } from '../src/shell/app.svelte.ts';
import { fakeFetch, quietEvents, SCENARIOS, shyDevice } from './fake.ts';
import Components from './Components.svelte';
import Index from './Index.svelte';

/** `/gallery` lists everything, `/components` shows the components, any other address is the console in a scenario. */
const asked = new URLSearchParams(location.search).get('scenario');
const scenario = SCENARIOS.find((name) => name === asked) ?? 'owner';
shyDevice();
const app = new App({ fetch: fakeFetch(scenario), events: quietEvents });
const target = document.body;

if (location.pathname === '/gallery') mount(Index, { target });
else mount(location.pathname === '/components' ? Components : Console, { target, props: { app } });
