import { translator, type Translate } from '@waxseal/i18n';
import common from '#messages/common.json';
import open from '#messages/open.json';
import { lang } from '../shell/words.ts';

const words = { ...common, ...open };

/** The opening page's words. */
export const t: Translate<typeof words> = translator(lang, words);
