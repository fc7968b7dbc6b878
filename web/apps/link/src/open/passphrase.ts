import { h } from '@waxseal/ui';
import type { Asking } from './ready.ts';
import { t } from './words.ts';

/** The passphrase's place in the gesture's form. */
export interface Field {
  node: HTMLElement;
  input: HTMLInputElement;
  /** What was entered; undefined if nothing was, which it says itself. */
  entered(): string | undefined;
}

/** Asks for the passphrase. */
export function passphraseField({ name, look }: Asking): Field {
  const wrong = name === 'wrong-passphrase';
  const error = h('p', { class: 'error', id: 'passphrase-error', role: 'alert' }, wrong && t('passphrase.wrong'));
  const input = h('input', {
    class: 'input',
    id: 'passphrase',
    type: 'password',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    'aria-describedby': 'passphrase-error passphrase-hint',
    'aria-invalid': wrong ? 'true' : null,
  });
  const toggle = h('button', { type: 'button', class: 'button', 'aria-pressed': 'false' }, t('show'));
  toggle.addEventListener('click', () => {
    const shown = input.type === 'password';
    input.type = shown ? 'text' : 'password';
    toggle.textContent = t(shown ? 'hide' : 'show');
    toggle.setAttribute('aria-pressed', String(shown));
  });
  const hint = look.tries.wrong > 0 ? t('tries.left', { count: look.tries.left }) : t('passphrase.hint');
  const node = h(
    'div',
    { class: 'field' },
    h('label', { for: 'passphrase' }, t('passphrase.label')),
    h('div', { class: 'with-button' }, input, toggle),
    error,
    h('p', { class: 'hint', id: 'passphrase-hint' }, hint),
  );
  const complain = () => {
    error.textContent = t('passphrase.empty');
    input.setAttribute('aria-invalid', 'true');
    input.focus();
  };
  const entered = () => {
    if (!input.value) complain();
    return input.value || undefined;
  };
  return { node, input, entered };
}
