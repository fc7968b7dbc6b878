/** Runs of the keyboard and the alphabet, in which the next character is no news. */
const RUNS = 'abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiop asdfghjkl zxcvbnm qwertz azerty';
const FIRST_GUESSES = /^(pass(word|phrase)?|secret|admin|welcome|letmein|iloveyou|himitsu|sakura|test)\W*\d*\W*$/i;

/**
 * How hard a passphrase is to guess, 0 to 3: an upper bound from its length and its kinds of characters, less repeats
 * and runs. It can tell that one is bad; it cannot prove one good.
 */
export function strength(passphrase: string): 0 | 1 | 2 | 3 {
  if (FIRST_GUESSES.test(passphrase)) return 0;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[ -/:-@[-`{-~]/, /[^\x00-\x7f]/];
  const sizes = [26, 26, 10, 33, 100];
  const alphabet = sizes.reduce((sum, size, i) => sum + (kinds[i]!.test(passphrase) ? size : 0), 0);
  const characters = [...passphrase];
  const news = characters.filter((character, i) => {
    const before = characters[i - 1] ?? '';
    return character !== before && !(before && RUNS.includes((before + character).toLowerCase()));
  });
  const bits = Math.min(news.length, new Set(characters).size * 2) * Math.log2(alphabet || 1);
  return bits < 30 ? 0 : bits < 48 ? 1 : bits < 68 ? 2 : 3;
}
