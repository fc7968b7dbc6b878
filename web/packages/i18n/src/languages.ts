/** The languages every message exists in, by their names in themselves. The first is the fallback. */
export const LANGUAGES = { en: 'English', ja: '日本語' } as const;

export type Lang = keyof typeof LANGUAGES;

/** Reads a language tag as far as we speak it: `ja-JP` is `ja`, anything unknown is `en`. */
export function langOf(tag: string): Lang {
  const primary = tag.split('-', 1)[0]?.toLowerCase() ?? '';
  return Object.hasOwn(LANGUAGES, primary) ? (primary as Lang) : 'en';
}
