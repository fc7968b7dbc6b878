import { byId, h, type Child } from '@waxseal/ui';
import { say } from '../shell/words.ts';
import type { State } from './machine.ts';
import { passphraseField } from './passphrase.ts';
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

/** What stands beside the question where there is more to say or to choose. */
export interface Beside {
  /** Before the gesture's form: what to know. */
  notices: Child[];
  /** In the form, above the button. */
  nodes: Child[];
  /** Whether it is too early for the gesture. */
  blocked: boolean;
  /** What the gesture does with the passphrase. */
  open: Actions['open'];
  leave?: (() => void) | undefined;
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
export function readyView(state: Asking, around: Around, wording: Wording, beside: Beside | null): View {
  const field = state.look.passphrase ? passphraseField(state) : null;
  const { open } = beside ?? around.actions;
  const button = h('button', { class: 'button primary wide', id: 'open' }, wording.button);
  button.disabled = beside?.blocked ?? false;
  const submit = (event: Event) => {
    event.preventDefault();
    const passphrase = field ? field.entered() : null;
    if (passphrase !== undefined) open(passphrase);
  };
  return {
    nodes: [
      h('h1', { tabindex: '-1' }, t('ready.title')),
      h('p', { class: 'lead short' }, wording.lead),
      around.brand.before_open && h('p', { class: 'from-organization' }, around.brand.before_open),
      ...(beside?.notices ?? []),
      h('form', { class: 'stack', onsubmit: submit, novalidate: true }, field?.node, ...(beside?.nodes ?? []), button),
      h('p', { class: 'muted small center' }, wording.moment),
      facts(state, wording.views),
      byId<HTMLTemplateElement>('help').content.cloneNode(true),
    ],
    focus: state.name === 'wrong-passphrase' && field ? field.input : null,
    leave: beside?.leave,
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
