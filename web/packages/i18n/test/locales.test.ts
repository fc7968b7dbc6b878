import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LANGUAGES, type Message, type Messages } from '../src/index.ts';

const folder = new URL('../locales/', import.meta.url);
const areas = readdirSync(new URL('en/', folder));
const read = (lang: string, area: string): Messages =>
  JSON.parse(readFileSync(new URL(`${lang}/${area}`, folder), 'utf8')) as Messages;

const forms = (message: Message): string[] => (typeof message === 'string' ? [message] : Object.values(message));
const places = (message: Message): string[] =>
  [...new Set(forms(message).flatMap((form) => form.match(/\{[a-z_]+\}/g) ?? []))].sort();

test('every language has the same areas', () => {
  for (const lang of Object.keys(LANGUAGES)) expect(readdirSync(new URL(`${lang}/`, folder))).toEqual(areas);
  expect(readdirSync(folder).sort()).toEqual(Object.keys(LANGUAGES).sort());
});

describe.each(Object.keys(LANGUAGES))('%s', (lang) => {
  test.each(areas)('%s has the keys and placeholders of en', (area) => {
    const [en, other] = [read('en', area), read(lang, area)];
    expect(Object.keys(other)).toEqual(Object.keys(en));
    for (const [key, message] of Object.entries(other)) {
      expect(places(message), key).toEqual(places(en[key] as Message));
      if (typeof message !== 'string') {
        expect(['other', 'one,other']).toContain(Object.keys(message).sort().join());
      }
      expect(forms(message).every((form) => form.trim() !== ''), key).toBe(true);
    }
  });
});

test('Japanese is written with Japanese punctuation', () => {
  for (const area of areas) {
    for (const [key, message] of Object.entries(read('ja', area))) {
      for (const form of forms(message)) {
        expect(form, `${area} ${key}`).not.toMatch(/[\u3040-\u30ff\u4e00-\u9fff][,.!?:()]|[｡､]/u);
      }
    }
  }
});
