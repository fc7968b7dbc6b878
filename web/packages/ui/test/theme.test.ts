import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const style = (name: string) => readFileSync(new URL(`../style/${name}.css`, import.meta.url), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');

/** The custom properties of every `:root` block that `matches` chooses, later ones over earlier ones. */
function tokens(css: string, block: RegExp): Map<string, string> {
  const declared = [...css.matchAll(block)].flatMap(([, body = '']) => [...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)]);
  return new Map(declared.map(([, name = '', value = '']) => [name, value.replace(/\s+/g, ' ').trim()]));
}

/** What a value is in one theme: the innermost `light-dark()` first, until there is none. */
function inTheme(value: string, theme: 'light' | 'dark'): string {
  const inner = /light-dark\(((?:[^(),]|\((?:[^()]|\([^()]*\))*\))+),((?:[^(),]|\((?:[^()]|\([^()]*\))*\))+)\)/;
  for (let rest = value; ; ) {
    const found = inner.exec(rest);
    if (!found) return rest.replace(/\s+/g, ' ').trim();
    rest = rest.replace(found[0], (theme === 'light' ? found[1] : found[2])!.trim());
  }
}

const pages = style('tokens');
const light = tokens(pages.split('@media')[0]!, /:root \{([^}]*)\}/g);
const dark = new Map([...light, ...tokens(pages.split('@media')[1]!, /:root \{([^}]*)\}/g)]);
const theme = tokens(style('theme'), /:root \{([^}]*)\}/g);

/** `light-dark()` chooses colours, not lengths: the shadow's size is the light one's. */
for (const pages of [light, dark]) pages.delete('--shadow');

test.each([
  ['light', light],
  ['dark', dark],
] as const)('the console has every token of the pages, and in %s the same value', (name, expected) => {
  expect(expected.size).toBeGreaterThan(25);
  for (const [token, value] of expected) expect(`${token}: ${inTheme(theme.get(token) ?? 'missing', name)}`).toBe(`${token}: ${value}`);
});

test('in Japanese both write with the same type', () => {
  const japanese = /:root:lang\(ja\) \{([^}]*)\}/g;
  expect(tokens(style('theme'), japanese)).toEqual(tokens(pages, japanese));
});
