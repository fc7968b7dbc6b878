import en from '@waxseal/i18n/locales/en/plan.json';
import ja from '@waxseal/i18n/locales/ja/plan.json';
import { addWords } from '../shell/words.svelte.ts';

addWords({ en, ja });

/** What is said of the plan wherever one is in an organization; where its limits are met, pages say it themselves. */
export { default as Notice } from '../features/billing/Notice.svelte';
