import { translator, type Translate } from '@waxseal/i18n';
import common from '#messages/common.json';
import further from '#messages/further.json';
import receipt from '#messages/receipt.json';
import { lang } from '../shell/words.ts';

const words = { ...common, ...further, ...receipt };

/** The receipt page's words. */
export const t: Translate<typeof words> = translator(lang, words);
