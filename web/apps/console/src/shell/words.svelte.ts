import { format, langOf, values, type Lang, type Message, type Params } from '@waxseal/i18n';
import accountEn from '@waxseal/i18n/locales/en/account.json';
import consoleEn from '@waxseal/i18n/locales/en/console.json';
import type billingEn from '@waxseal/i18n/locales/en/billing.json';
import type certificateEn from '@waxseal/i18n/locales/en/certificate.json';
import type dnsEn from '@waxseal/i18n/locales/en/dns.json';
import type domainsEn from '@waxseal/i18n/locales/en/domains.json';
import type organizationEn from '@waxseal/i18n/locales/en/organization.json';
import type planEn from '@waxseal/i18n/locales/en/plan.json';
import accountJa from '@waxseal/i18n/locales/ja/account.json';
import consoleJa from '@waxseal/i18n/locales/ja/console.json';
import { speak } from '@waxseal/ui/components';
import { keepLanguage } from './preferences.ts';

export type Key = keyof typeof consoleEn | keyof typeof accountEn | keyof typeof organizationEn | keyof typeof domainsEn | keyof typeof billingEn | keyof typeof planEn | `dns.${keyof typeof dnsEn}` | `certificate.${keyof typeof certificateEn}`;
type Messages = Partial<Record<Key, Message>>;

const MESSAGES: Record<Lang, Messages> = { en: { ...consoleEn, ...accountEn }, ja: { ...consoleJa, ...accountJa } };

/** What the pages of a part say comes with them. */
export function addWords({ en, ja }: Readonly<Record<Lang, Messages>>): void {
  Object.assign(MESSAGES.en, en);
  Object.assign(MESSAGES.ja, ja);
}

/** Everything the console says, in the language of now: whatever shows it follows when the reader chooses another. */
export class Words {
  #lang = $state<Lang>('en');
  readonly #region = $derived(navigator.languages.find((tag) => langOf(tag) === this.#lang));
  /** The components' own. */
  readonly current = $derived(speak(this.#lang, this.#region));
  /** Moments, spans and sizes. */
  readonly say = $derived(values(this.#lang, this.#region));

  constructor(lang: Lang) {
    this.#lang = lang;
    document.documentElement.lang = lang;
  }

  get lang(): Lang {
    return this.#lang;
  }

  readonly t = (key: Key, params?: Params): string => format(this.#lang, MESSAGES[this.#lang][key] ?? key, params);

  /** What the server names by a word: its name here, or the word itself if it is younger than this page. */
  readonly named = (kind: string, word: string): string => {
    const key = `${kind}.${word}`;
    return this.has(key) ? this.t(key) : word;
  };

  /** Whether there are words for it: a code of the server may be younger than this page. */
  readonly has = (key: string): key is Key => key in MESSAGES.en;

  choose(lang: Lang): void {
    this.#lang = lang;
    document.documentElement.lang = lang;
    keepLanguage(lang);
  }
}
