import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { format, langOf, values, type Lang, type Message, type Params } from '../src/index.ts';

type Case = { lang: Lang; message: Message; params: Params; text: string };
const cases = JSON.parse(readFileSync(new URL('../fixtures/format.json', import.meta.url), 'utf8')) as Case[];

test.each(cases)('formats $lang $message as Rust does', ({ lang, message, params, text }) => {
  expect(format(lang, message, params)).toBe(text);
});

test('a language tag is read as far as we speak it', () => {
  expect(['ja', 'JA-jp', 'en-GB', 'fr', '', 'constructor'].map(langOf)).toEqual(['ja', 'ja', 'en', 'en', 'en', 'en']);
});

test('spans use the largest unit that fits', () => {
  const en = values('en');
  expect([300_000, 3_600_000, 604_800_000, 999].map(en.duration)).toEqual(['5 minutes', '1 hour', '7 days', '1 second']);
  const ja = values('ja');
  expect([300_000, 3_600_000, 604_800_000].map(ja.duration)).toEqual(['5分', '1時間', '7日']);
  expect([86_400_000, -60_000].map((ms) => ja.moment(ms, 0).relative)).toEqual(['1日後', '1分前']);
  expect([604_799_000, 86_400_000 * 6.5, 3_599_000, -86_400_000].map((ms) => en.moment(ms, 0).relative.replaceAll('\u00a0', ' '))).toEqual([
    'in 7 days',
    'in 6 days',
    'in 1 hour',
    '1 day ago',
  ]);
  expect([59_001, 60_000, 0, -5].map(en.countdown)).toEqual(['1:00', '1:00', '0:00', '0:00']);
  expect([512, 1024, 1_048_576].map(en.size)).toEqual(['512 byte', '1 kB', '1 MB']);
});
