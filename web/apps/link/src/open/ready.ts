import { h, type Child } from '@waxseal/ui';
import { say } from '../shell/words.ts';
import type { State } from './machine.ts';
import type { Actions, Around, View } from './view.ts';
import { t } from './words.ts';

export type Asking = Extract<State, { name: 'ready' | 'passphrase' | 'wrong-passphrase' | 'held-back' }>;

/** What differs between kinds of secrets and ways of asking. */
export interface Wording {
  lead: string;
  moment: string;
  button: string;
  views: string;
}

/** What stands above the button. */
export interface Question {
  /** Before the gesture's form: what to know. */
  notices: Child[];
  nodes: Child[];
  /** The passphrase that was entered, or null where none is asked for; undefined if it is missing, which it says itself. */
  answer(): string | null | undefined;
  /** What the button does with the answer. */
  open: Actions['open'];
  blocked: boolean;
  focus: HTMLElement | null;
  leave?: () => void;
}

/** How a secret for some views presents itself. */
export function onceWording({ look }: Asking): Wording {
  const several = look.views > 1;
  return {
    lead: t(several ? 'ready.many' : 'ready.once'),
    moment: t('ready.moment'),
    button: t('ready.button'),
    views: several ? t('fact.views.left', { left: look.views_left, total: look.views }) : t('fact.views.once'),
  };
}

/** Everything before the gesture: what the sender set, what to know, and the button. */
export function readyView(state: Asking, around: Around, wording: Wording, question: Question | null): View {
  const button = h('button', { class: 'button primary wide', id: 'open' }, wording.button);
  button.disabled = question?.blocked ?? false;
  const submit = (event: Event) => {
    event.preventDefault();
    const answer = question ? question.answer() : null;
    if (answer !== undefined) (question ?? around.actions).open(answer);
  };
  return {
    nodes: [
      h('h1', { tabindex: '-1' }, t('ready.title')),
      h('p', { class: 'lead short' }, wording.lead),
      around.brand.before_open && h('p', { class: 'from-organization' }, around.brand.before_open),
      ...(question?.notices ?? []),
      h('form', { class: 'stack', onsubmit: submit, novalidate: true }, ...(question?.nodes ?? []), button),
      h('p', { class: 'muted small center' }, wording.moment),
      facts(state, wording.views),
      h('details', { class: 'help' }, h('summary', {}, t('help')), h('p', { class: 'small' }, t('help.body'))),
    ],
    focus: question?.focus ?? null,
    leave: question?.leave,
  };
}

function facts({ look }: Asking, views: string): HTMLElement {
  const row = (name: string, value: string): Child[] => [h('dt', {}, name), h('dd', {}, value)];
  return h(
    'dl',
    { class: 'facts ruled' },
    ...row(t('fact.views'), views),
    ...row(t('fact.expires'), t('moment', say.moment(look.expires_at_ms, Date.now()))),
    ...row(t('fact.size'), t('fact.size.about', { size: say.size(look.content_bytes) })),
    ...row(t('fact.sealed'), t(`fact.sealed.${look.sealed}`)),
  );
}
