import { translator, type Translate } from '@waxseal/i18n';
import bound from '#messages/bound.json';
import common from '#messages/common.json';
import further from '#messages/further.json';
import passkey from '#messages/passkey.json';
import refused from '#messages/refused.json';
import { lang } from '../../shell/words.ts';

const words = { ...common, ...further, ...refused, ...bound, ...passkey };

/** The words of what is loaded on demand. */
export const t: Translate<typeof words> = translator(lang, words);
