import { h } from '@waxseal/ui';
import { say } from '../../shell/words.ts';
import type { Asking, Question } from '../ready.ts';
import type { Around } from '../view.ts';
import { noticeView } from './notices.ts';
import { copyChoice } from './passkey.ts';
import { t } from './words.ts';

/** What to know before the gesture, and the passphrase, or how long to wait, where there is one. */
export function question(state: Asking, around: Around): Question {
  const notices = around.notices.map((name) => noticeView(name, state.look.kind));
  const copying = copyChoice(state, around);
  const open = copying?.open ?? around.actions.open;
  if (!state.look.passphrase) return { notices, nodes: [copying?.node], answer: () => null, open, blocked: false, focus: null };
  const { field, input, complain } = passphraseField(state);
  const held = state.name === 'held-back' ? heldBack(state.untilMs, around) : null;
  const answer = () => {
    if (!input.value) complain(t('passphrase.empty'));
    return input.value || undefined;
  };
  return {
    notices,
    nodes: [field, held?.node, copying?.node],
    answer,
    open,
    blocked: held !== null,
    focus: state.name === 'wrong-passphrase' ? input : null,
    ...(held && { leave: held.stop }),
  };
}

function passphraseField({ name, look }: Asking) {
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
  const field = h(
    'div',
    { class: 'field' },
    h('label', { for: 'passphrase' }, t('passphrase.label')),
    h('div', { class: 'with-button' }, input, toggle),
    error,
    h('p', { class: 'hint', id: 'passphrase-hint' }, hint),
  );
  const complain = (text: string) => {
    error.textContent = text;
    input.setAttribute('aria-invalid', 'true');
    input.focus();
  };
  return { field, input, complain };
}

function heldBack(untilMs: number, { actions }: Around) {
  const left = h('strong', { class: 'countdown', 'aria-hidden': 'true' });
  const node = h(
    'div',
    { class: 'notice warn', role: 'status' },
    h('strong', {}, t('held.title')),
    h('p', {}, t('held.body', { time: say.duration(Math.max(60_000, untilMs - Date.now())) })),
    left,
  );
  return { node, stop: countdown(left, untilMs, actions.retry) };
}

/** Counts down on the screen, and does something at the end; gives what stops it. */
export function countdown(place: HTMLElement, untilMs: number, end: () => void): () => void {
  const tick = () => {
    place.textContent = say.countdown(untilMs - Date.now());
    if (Date.now() >= untilMs) end();
  };
  tick();
  const timer = setInterval(tick, 1_000);
  return () => clearInterval(timer);
}
