import { h, type Child } from '@waxseal/ui';
import { say } from '../shell/words.ts';
import type { PeekAnswer } from '@waxseal/api';
import type { State } from './machine.ts';
import type { Around, View } from './view.ts';
import { t } from './words.ts';

type Asking = Extract<State, { name: 'ready' | 'passphrase' | 'wrong-passphrase' | 'held-back' }>;

/** Everything before the gesture: what the sender set, what to know, and the button. */
export function readyView(state: Asking, around: Around): View {
  const { look } = state;
  const fields = look.passphrase ? passphraseFields(state) : null;
  const button = h('button', { class: 'button primary wide', id: 'open' }, t('ready.button'));
  const submit = (event: Event) => {
    event.preventDefault();
    if (fields && !fields.input.value) return fields.complain(t('passphrase.empty'));
    around.actions.open(fields ? fields.input.value : null);
  };
  const held = state.name === 'held-back' ? heldBack(state.untilMs, around) : null;
  button.disabled = held !== null;
  return {
    nodes: [
      h('h1', { tabindex: '-1' }, t('ready.title')),
      h('p', { class: 'lead short' }, t(look.views > 1 ? 'ready.many' : 'ready.once')),
      around.brand.before_open && h('p', { class: 'from-organization' }, around.brand.before_open),
      ...around.notices.map((name) => h('p', { class: 'notice warn', 'data-notice': name }, t(`notice.${name}`))),
      h('form', { class: 'stack', onsubmit: submit, novalidate: true }, fields?.field, held?.node, button),
      h('p', { class: 'muted small center' }, t('ready.moment')),
      facts(look),
      h('details', { class: 'help' }, h('summary', {}, t('help')), h('p', { class: 'small' }, t('help.body'))),
    ],
    focus: state.name === 'wrong-passphrase' ? (fields?.input ?? null) : null,
    leave: held?.stop,
  };
}

function facts(look: PeekAnswer): HTMLElement {
  const row = (name: string, value: string): Child[] => [h('dt', {}, name), h('dd', {}, value)];
  const views =
    look.views > 1 ? t('fact.views.left', { left: look.views_left, total: look.views }) : t('fact.views.once');
  return h(
    'dl',
    { class: 'facts ruled' },
    ...row(t('fact.views'), views),
    ...row(t('fact.expires'), t('moment', say.moment(look.expires_at_ms, Date.now()))),
    ...row(t('fact.size'), t('fact.size.about', { size: say.size(look.content_bytes) })),
    ...row(t('fact.sealed'), t(`fact.sealed.${look.sealed}`)),
  );
}

function passphraseFields({ name, look }: Asking) {
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

/** Counts down on the screen; says it aloud only at the start and at the end. */
function heldBack(untilMs: number, { actions }: Around) {
  const left = h('strong', { class: 'countdown', 'aria-hidden': 'true' });
  const node = h(
    'div',
    { class: 'notice warn', role: 'status' },
    h('strong', {}, t('held.title')),
    h('p', {}, t('held.body', { time: say.duration(Math.max(60_000, untilMs - Date.now())) })),
    left,
  );
  const tick = () => {
    left.textContent = say.countdown(untilMs - Date.now());
    if (Date.now() >= untilMs) actions.retry();
  };
  tick();
  const timer = setInterval(tick, 1000);
  return { node, stop: () => clearInterval(timer) };
}
