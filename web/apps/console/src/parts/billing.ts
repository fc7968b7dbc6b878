import en from '@waxseal/i18n/locales/en/billing.json';
import ja from '@waxseal/i18n/locales/ja/billing.json';
import { addWords } from '../shell/words.svelte.ts';

addWords({ en, ja });

/** Pages of an organization's plan, and what they say. */
export { default as billing } from '../features/billing/Plan.svelte';
export { default as usage } from '../features/billing/Usage.svelte';
export { default as invoices } from '../features/billing/Invoices.svelte';
