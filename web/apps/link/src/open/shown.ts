import { copyButton, h, type Child } from '@waxseal/ui';
import type { Fate, OnScreen, State } from './machine.ts';
import { onScreen } from './machine.ts';
import type { Around, View } from './view.ts';
import { t } from './words.ts';

const FATES: Record<Exclude<Fate, 'kept' | 'unkept'>, { tone: string; key: Parameters<typeof t>[0] }> = {
  confirming: { tone: '', key: 'shown.confirming' },
  destroyed: { tone: 'good', key: 'shown.destroyed' },
  used: { tone: 'good', key: 'shown.used' },
  lapsed: { tone: '', key: 'shown.lapsed' },
  unconfirmed: { tone: 'warn', key: 'shown.unconfirmed' },
};

/** What a text that stays on its device shows beside the text. */
export interface Staying {
  /** Above the text. */
  before: Child;
  /** Below the buttons. */
  after: Child;
  done: string;
  says(fate: 'kept' | 'unkept'): string;
  update(state: OnScreen): void;
}

/** The opened text. Its parts stay in place while its fate changes, so that focus and selection stay, too. */
export function shownView(state: OnScreen, { actions, brand }: Around, staying: Staying | null): View {
  const text = h('pre', { class: 'secret', id: 'secret', tabindex: '0', role: 'region', 'aria-label': t('shown.text') });
  const fate = h('p', { role: 'status', id: 'fate' });
  const hide = h('button', { type: 'button', class: 'button', id: 'hide', onclick: () => actions.hide() });
  const update = (now: State) => {
    if (!onScreen(now)) return;
    text.textContent = now.hidden ? t('shown.hidden') : now.text;
    text.classList.toggle('hidden-text', now.hidden);
    hide.textContent = t(now.hidden ? 'show' : 'hide');
    tellFate(fate, now.fate, staying);
    staying?.update(now);
  };
  update(state);
  const copy = copyButton({ label: t('copy'), copied: t('shown.copied'), failed: t('copy.failed') }, () => state.text);
  const done = staying?.done ?? t('shown.done');
  return {
    nodes: [
      h('h1', { tabindex: '-1' }, t('shown.title')),
      state.name === 'recovered' && h('p', { class: 'notice' }, t('recovered.notice')),
      staying?.before,
      text,
      h('div', { class: 'actions' }, copy, hide),
      fate,
      brand.after_open && h('p', { class: 'from-organization' }, brand.after_open),
      h('button', { type: 'button', class: 'button wide', id: 'done', onclick: () => actions.done() }, done),
      staying?.after,
    ],
    update,
  };
}

function tellFate(place: HTMLElement, fate: Fate, staying: Staying | null): void {
  place.dataset['fate'] = fate;
  if (fate === 'kept' || fate === 'unkept') {
    place.className = `notice ${fate === 'kept' ? 'good' : 'warn'}`;
    place.textContent = staying?.says(fate) ?? '';
  } else {
    place.className = `notice ${FATES[fate].tone}`;
    place.textContent = t(FATES[fate].key);
  }
}
