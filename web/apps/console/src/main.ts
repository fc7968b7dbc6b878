import '@waxseal/ui/console.css';
import { mount } from 'svelte';
import Console from './App.svelte';
import { App } from './shell/app.svelte.ts';

mount(Console, { target: document.body, props: { app: new App() } });
