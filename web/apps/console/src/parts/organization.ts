import en from '@waxseal/i18n/locales/en/organization.json';
import ja from '@waxseal/i18n/locales/ja/organization.json';
import { addWords } from '../shell/words.svelte.ts';

addWords({ en, ja });

/** Pages of an organization, and what they say. */
export { default as home } from '../features/organization/Home.svelte';
export { default as receipts } from '../features/secrets/Receipts.svelte';
export { default as members } from '../features/organization/Members.svelte';
export { default as keys } from '../features/organization/Keys.svelte';
export { default as audit } from '../features/organization/Audit.svelte';
export { default as settings } from '../features/organization/Settings.svelte';
