import { readFileSync } from 'node:fs';

const AREAS = ['console', 'account', 'organization', 'plan', 'billing', 'ui'];

const read = (lang: string, area: string): object =>
  JSON.parse(readFileSync(new URL(`../../packages/i18n/locales/${lang}/${area}.json`, import.meta.url), 'utf8')) as object;

/** What the console says in a language, so that one story can be told in each. */
export function wordsOf(lang: string): (key: string, params?: Readonly<Record<string, string>>) => string {
  const words = Object.assign({}, ...AREAS.map((area) => read(lang, area))) as Record<string, string | { other: string }>;
  return (key, params = {}) => {
    const message = words[key];
    if (message === undefined) throw new Error(`the console says nothing for ${key}`);
    return (typeof message === 'string' ? message : message.other).replace(/\{(\w+)\}/g, (place, name: string) => params[name] ?? place);
  };
}
