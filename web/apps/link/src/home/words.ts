import { translator, type Translate } from '@waxseal/i18n';
import common from '#messages/common.json';
import create from '#messages/create.json';
import further from '#messages/further.json';
import { lang } from '../shell/words.ts';

const words = { ...common, ...further, ...create };

/** The home page's words. */
export const t: Translate<typeof words> = translator(lang, words);
