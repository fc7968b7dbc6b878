import { langOf, values, type Lang } from '@waxseal/i18n';

/** The language of this shell and of everything on it. */
export const lang: Lang = langOf(document.documentElement.lang);

/** Moments, spans and sizes, as the reader's own form of this language writes them. */
export const say = values(lang, navigator.languages.find((tag) => langOf(tag) === lang));
