import { translator, values, type Lang } from '@waxseal/i18n';
import en from '@waxseal/i18n/locales/en/ui.json';
import ja from '@waxseal/i18n/locales/ja/ui.json';
import type { UiWords } from './words.ts';

const MESSAGES: Record<Lang, typeof en> = { en, ja };

/** The components' words in a language; dates as `region`, the reader's own form of it, writes them. */
export function speak(lang: Lang, region: string = lang): UiWords {
  const t = translator(lang, MESSAGES[lang]);
  const say = values(lang, region);
  return {
    lang,
    optional: t('optional'),
    show: t('show'),
    hide: t('hide'),
    copy: t('copy'),
    copied: t('copied'),
    copyFailed: t('copy.failed'),
    cancel: t('cancel'),
    close: t('close'),
    retry: t('retry'),
    loading: t('loading'),
    more: t('more'),
    dismiss: t('dismiss'),
    notices: t('notices'),
    actions: t('actions'),
    menu: t('menu'),
    skip: t('skip'),
    language: t('language'),
    theme: t('theme'),
    themes: { system: t('theme.system'), light: t('theme.light'), dark: t('theme.dark') },
    strength: [t('strength.0'), t('strength.1'), t('strength.2'), t('strength.3')],
    typeToConfirm: (text) => t('confirm.type', { text }),
    quote: (request) => t('quote', { request }),
    time: say.time,
    relative: (ms, nowMs) => (Math.abs(ms - nowMs) < 45_000 ? t('now') : say.moment(ms, nowMs).relative),
  };
}
