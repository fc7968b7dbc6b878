/** Fills an array with uniform random 32-bit numbers; the platform's generator unless a test says otherwise. */
export type FillRandom = (numbers: Uint32Array<ArrayBuffer>) => void;

const platform: FillRandom = (numbers) => void crypto.getRandomValues(numbers);

export interface Generated {
  text: string;
  /** Bits: the logarithm of how many equally likely results there were. */
  entropy: number;
}

/** Character sets by the name of their switch. */
const SETS = {
  lower: 'abcdefghijklmnopqrstuvwxyz',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  digits: '0123456789',
  symbols: '!#$%&()*+,-./:;<=>?@[]^_{}~',
} as const;

/** What people confuse when they read a password aloud or off paper. */
const LOOK_ALIKES = /[Il1|O0oS5B8Z2.,:;]/g;

export const MIN_LENGTH = 8;
export const MAX_LENGTH = 128;

export interface PasswordRules {
  /** 8 to 128 characters. */
  length: number;
  sets: readonly (keyof typeof SETS)[];
  excludeLookAlikes: boolean;
}

/** A number in 0..limit. Draws again above the largest multiple of `limit`: a plain remainder prefers small numbers. */
function below(limit: number, fill: FillRandom): number {
  const number = new Uint32Array(1);
  const end = 2 ** 32 - (2 ** 32 % limit);
  do fill(number);
  while (number[0]! >= end);
  return number[0]! % limit;
}

function within(n: number, low: number, high: number): void {
  if (!Number.isInteger(n) || n < low || n > high) throw new RangeError(`not an integer from ${low} to ${high}`);
}

/** log2 of how many strings of `length` use every set at least once, by inclusion and exclusion over the sets. */
function passwordEntropy(sizes: number[], length: number): number {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  let share = 0;
  for (let left = 0; left < 2 ** sizes.length; left++) {
    const without = sizes.filter((_, i) => left & (1 << i));
    const kept = all - without.reduce((sum, size) => sum + size, 0);
    share += (-1) ** without.length * (kept / all) ** length;
  }
  return length * Math.log2(all) + Math.log2(share);
}

/**
 * A password that uses every chosen set: whole candidates are drawn until one does, so all that do are equally likely.
 * (Forcing one character of each set into place would prefer some.) Throws RangeError outside the rules.
 */
export function generatePassword({ length, sets, excludeLookAlikes }: PasswordRules, fill = platform): Generated {
  within(length, MIN_LENGTH, MAX_LENGTH);
  const chosen = [...new Set(sets)].map((name) => SETS[name].replace(excludeLookAlikes ? LOOK_ALIKES : /$^/g, ''));
  within(chosen.length, 1, 4);
  const alphabet = chosen.join('');
  let text: string;
  do text = Array.from({ length }, () => alphabet[below(alphabet.length, fill)]).join('');
  while (!chosen.every((set) => [...set].some((character) => text.includes(character))));
  return { text, entropy: passwordEntropy(chosen.map((set) => set.length), length) };
}

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aeiou';
const SYLLABLES = CONSONANTS.length * VOWELS.length;

/** Pieces of words that nobody wants to send to a customer, in the languages our users speak. */
const UNWANTED =
  /bag[iu]na|baka|boga|busu|dik|fag|fek|fika|fod[aei]|fuk|guro|kaka|kapu|kona|kuso|kunt|mana?ko|meru?da|mojo|nazi|nega|nige|nigu|pede|pedo|pene|peni|pipi|piko|pipu|popo|pup[ou]|puso|pus[iu]|put[ao]|rape|seku|semen|sin[eu]|sukebe|tita|titi|vagi|zubo/;

/** How many words three syllables make without the unwanted ones; a test counts them. */
export const WORDS = 502_457;

export const MIN_WORDS = 3;
export const MAX_WORDS = 12;

/** Word `index` of all that three syllables make, e.g. `zumobe`; null for an unwanted one. */
export function word(index: number): string | null {
  const syllables = [index, index / SYLLABLES, index / SYLLABLES ** 2].map((n) => Math.floor(n) % SYLLABLES);
  const text = syllables
    .map((n) => CONSONANTS.charAt(Math.floor(n / VOWELS.length)) + VOWELS.charAt(n % VOWELS.length))
    .join('');
  return UNWANTED.test(text) ? null : text;
}

/**
 * A passphrase of pronounceable words joined by `-`, the same for every language. Syllables instead of a word list:
 * nothing to download, nothing to translate, and a word of six letters holds more than one of a list of thousands.
 */
export function generatePassphrase(words: number, fill = platform): Generated {
  within(words, MIN_WORDS, MAX_WORDS);
  const draw = (): string => word(below(SYLLABLES ** 3, fill)) ?? draw();
  return { text: Array.from({ length: words }, draw).join('-'), entropy: words * Math.log2(WORDS) };
}
