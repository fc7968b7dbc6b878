/** What every page of somebody who is signed in stands in. */
export { default as Frame } from '../shell/Frame.svelte';
export { default as StepUp } from '../shell/StepUp.svelte';
export { default as Missing } from '../features/Missing.svelte';
