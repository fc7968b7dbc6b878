import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { generatePassphrase, generatePassword, word, WORDS, type FillRandom, type PasswordRules } from '../src/generate.ts';

const SETS = { lower: /[a-z]/, upper: /[A-Z]/, digits: /[0-9]/, symbols: /[^A-Za-z0-9]/ };
const names = Object.keys(SETS) as (keyof typeof SETS)[];
const rules: fc.Arbitrary<PasswordRules> = fc.record({
  length: fc.integer({ min: 8, max: 128 }),
  sets: fc.subarray(names, { minLength: 1 }),
  excludeLookAlikes: fc.boolean(),
});

/** Counting every word takes its time on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

/** Gives these numbers, then zeros. */
function scripted(...numbers: number[]): FillRandom {
  return (into) => void (into[0] = numbers.shift() ?? 0);
}

describe('a generated password', () => {
  it('has the length and every chosen set, no other set and no look-alike', () => {
    const property = fc.property(rules, (given) => {
      const { text, entropy } = generatePassword(given);
      expect(text).toHaveLength(given.length);
      for (const name of names) expect(SETS[name].test(text), name).toBe(given.sets.includes(name));
      if (given.excludeLookAlikes) expect(text).not.toMatch(/[Il1|O0oS5B8Z2.,:;]/);
      expect(entropy).toBeLessThanOrEqual(given.length * Math.log2(26 + 26 + 10 + 27));
      // The smallest alphabet is the five digits that look like nothing else.
      expect(entropy).toBeGreaterThanOrEqual(given.length * Math.log2(5));
    });
    fc.assert(property);
  });

  it('prefers no character: numbers above the last whole multiple are drawn again', () => {
    // 2^32 mod 26 is 22, so the last 22 numbers would favour a to v.
    const { text } = generatePassword(
      { length: 8, sets: ['lower'], excludeLookAlikes: false },
      scripted(2 ** 32 - 1, 25, 2 ** 32 - 22, 24, 2 ** 32 - 23),
    );
    expect(text).toBe('zyzaaaaa');
  });

  it('states its entropy: the logarithm of how many there are', () => {
    const one = generatePassword({ length: 10, sets: ['digits'], excludeLookAlikes: false });
    expect(one.entropy).toBeCloseTo(10 * Math.log2(10), 9);
    const two = generatePassword({ length: 8, sets: ['digits', 'lower'], excludeLookAlikes: false });
    expect(two.entropy).toBeCloseTo(Math.log2(36 ** 8 - 26 ** 8 - 10 ** 8), 9);
  });

  it.each([
    { length: 7, sets: names },
    { length: 129, sets: names },
    { length: 8.5, sets: names },
    { length: 12, sets: [] },
  ])('refuses $length characters of $sets', (given) => {
    expect(() => generatePassword({ ...given, excludeLookAlikes: false })).toThrow(RangeError);
  });
});

describe('a generated passphrase', () => {
  it('has as many possible words as it says, each in one spelling', () => {
    const words = Array.from({ length: 80 ** 3 }, (_, i) => word(i)).filter((text) => text !== null);
    expect(words).toHaveLength(WORDS);
    expect(new Set(words).size).toBe(WORDS);
    expect(words.every((text) => /^([bdfghjklmnprstvz][aeiou]){3}$/.test(text))).toBe(true);
  });

  it('joins words and states its entropy', () => {
    const { text, entropy } = generatePassphrase(4);
    expect(text).toMatch(/^[a-z]{6}(-[a-z]{6}){3}$/);
    expect(entropy).toBeCloseTo(75.75, 2);
  });

  it('draws again instead of an unwanted word', () => {
    const unwanted = Array.from({ length: 80 ** 3 }, (_, i) => i).find((i) => word(i) === null)!;
    expect(generatePassphrase(3, scripted(unwanted, 1)).text).toBe(`${word(1)}-${word(0)}-${word(0)}`);
  });

  it.each([2, 13, 3.5])('refuses %d words', (count) => {
    expect(() => generatePassphrase(count)).toThrow(RangeError);
  });
});
