/** Sealing, with the cryptography that nothing else needs. */
export { default as share } from '../features/secrets/Share.svelte';
