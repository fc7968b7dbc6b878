/** Pages of a person who is signed in. */
export { default as account } from '../features/account/Account.svelte';
export { default as address } from '../features/account/Address.svelte';
export { default as device } from '../features/account/Device.svelte';
export { default as events } from '../features/account/Events.svelte';
export { default as organizations } from '../features/account/Organizations.svelte';
export { default as security } from '../features/account/Security.svelte';
