import { copyText, h } from '@waxseal/ui';
import { generatePassphrase, generatePassword, MAX_LENGTH, MAX_WORDS, MIN_LENGTH, MIN_WORDS } from '@waxseal/crypto/generate';
import { t } from './words.ts';

const SETS = ['lower', 'upper', 'digits', 'symbols'] as const;

/** Where a generated value can go. */
export interface Targets {
  secret(text: string): void;
  passphrase(text: string): void;
}

/** A folded panel that draws passwords and passphrases on this device, and can copy one without showing it. */
export function generator(targets: Targets): HTMLElement {
  const kind = h(
    'select',
    { class: 'input', id: 'generate-kind' },
    h('option', { value: 'password' }, t('generate.password')),
    h('option', { value: 'words' }, t('generate.words')),
  );
  const length = number('generate-length', MIN_LENGTH, MAX_LENGTH, 20);
  const count = number('generate-count', MIN_WORDS, MAX_WORDS, 4);
  const sets = SETS.map((name) => ({ name, box: h('input', { type: 'checkbox', checked: true, id: `set-${name}` }) }));
  const said = h('p', { class: 'hint', role: 'status', id: 'generate-said' });
  const forPassword = [labelled('generate-length', t('generate.length'), length), checks(sets)];
  const forWords = [labelled('generate-count', t('generate.count'), count)];
  const swap = () => {
    const words = kind.value === 'words';
    for (const node of forPassword) node.hidden = words;
    for (const node of forWords) node.hidden = !words;
  };
  kind.addEventListener('change', swap);
  swap();

  const draw = (): string | null => {
    try {
      if (kind.value === 'words') return generatePassphrase(Number(count.value)).text;
      const chosen = sets.filter(({ box }) => box.checked).map(({ name }) => name);
      if (chosen.length === 0) return tell(t('generate.no-sets'));
      return generatePassword({ length: Number(length.value), sets: chosen, excludeLookAlikes: true }).text;
    } catch {
      return tell(t('generate.range', kind.value === 'words' ? WORD_RANGE : LENGTH_RANGE));
    }
  };
  const tell = (words: string): null => {
    said.textContent = words;
    return null;
  };
  const put = (place: 'secret' | 'passphrase') => {
    const text = draw();
    if (text === null) return;
    targets[place](text);
    tell(t(`generate.${place}.done`));
  };
  const copy = async () => {
    const text = draw();
    if (text !== null) tell(t((await copyText(text)) ? 'generate.copied' : 'copy.failed'));
  };
  const button = (id: string, words: string, press: () => void) =>
    h('button', { type: 'button', class: 'button', id, onclick: press }, words);
  return h(
    'details',
    { class: 'generate' },
    h('summary', {}, t('generate.title')),
    h(
      'div',
      { class: 'stack' },
      h('div', { class: 'columns' }, labelled('generate-kind', t('generate.kind'), kind), ...forPassword, ...forWords),
      h(
        'div',
        { class: 'actions' },
        button('generate-secret', t('generate.secret'), () => put('secret')),
        button('generate-passphrase', t('generate.passphrase'), () => put('passphrase')),
        button('generate-copy', t('generate.copy'), () => void copy()),
      ),
      said,
    ),
  );
}

const LENGTH_RANGE = { min: MIN_LENGTH, max: MAX_LENGTH };
const WORD_RANGE = { min: MIN_WORDS, max: MAX_WORDS };

function number(id: string, min: number, max: number, value: number): HTMLInputElement {
  return h('input', { class: 'input', type: 'number', inputmode: 'numeric', id, min, max, value });
}

function labelled(id: string, words: string, control: HTMLElement): HTMLElement {
  return h('div', { class: 'field' }, h('label', { for: id }, words), control);
}

function checks(sets: { name: (typeof SETS)[number]; box: HTMLInputElement }[]): HTMLElement {
  const check = ({ name, box }: (typeof sets)[number]) => h('label', { class: 'check' }, box, t(`generate.${name}`));
  const title = h('span', { class: 'legend', id: 'generate-sets' }, t('generate.sets'));
  const group = h('div', { class: 'checks', role: 'group', 'aria-labelledby': 'generate-sets' }, ...sets.map(check));
  return h('div', { class: 'field wide' }, title, group);
}
