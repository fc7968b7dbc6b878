import type { Kind } from '@waxseal/crypto';
import { format, timeWithZone, type Lang, type Messages } from '@waxseal/i18n';
import en from '@waxseal/i18n/locales/en/invitation.json';
import ja from '@waxseal/i18n/locales/ja/invitation.json';

/** In every language, whatever the page's: the reader of the invitation is somebody else. */
const WORDS: Record<Lang, Messages> = { en, ja };

export interface Invitation {
  organization: string;
  link: string;
  expiresAtMs: number;
  kind: Kind;
  views: number;
  passphrase: boolean;
}

/** The message that goes with a link, with its real expiry in the sender's time zone, which it names. */
export function invitationText(lang: Lang, { organization, link, expiresAtMs, kind, views, passphrase }: Invitation): string {
  const say = (key: keyof typeof en, params = {}) => format(lang, WORDS[lang][key]!, params);
  const conditions = [
    say('expires', { time: timeWithZone(lang, expiresAtMs) }),
    kind === 'device_bound' ? say('bound') : views === 1 ? say('once') : say('views', { count: views }),
    passphrase && say('passphrase'),
  ];
  const moment = say(kind === 'device_bound' ? 'moment.bound' : 'moment');
  return say('body', { organization, link, conditions: conditions.filter(Boolean).join('\n'), moment });
}

/** The subject of the same, for mail and share sheets. */
export function invitationSubject(lang: Lang, organization: string): string {
  return format(lang, WORDS[lang]['subject']!, { organization });
}

