import { copyButton, h } from '@waxseal/ui';
import type { Fate, State } from './machine.ts';
import type { Around, View } from './view.ts';
import { t } from './words.ts';

type OnScreen = Extract<State, { name: 'shown' | 'recovered' }>;

const FATES: Record<Fate, { class: string; key: Parameters<typeof t>[0] }> = {
  confirming: { class: 'notice', key: 'shown.confirming' },
  destroyed: { class: 'notice good', key: 'shown.destroyed' },
  used: { class: 'notice good', key: 'shown.used' },
  lapsed: { class: 'notice', key: 'shown.lapsed' },
  unconfirmed: { class: 'notice warn', key: 'shown.unconfirmed' },
};

/** The opened text. Its parts stay in place while its fate changes, so that focus and selection stay, too. */
export function shownView(state: OnScreen, { actions, brand }: Around): View {
  const text = h('pre', { class: 'secret', id: 'secret', tabindex: '0', role: 'region', 'aria-label': t('shown.text') });
  const fate = h('p', { role: 'status', id: 'fate' });
  const hide = h('button', { type: 'button', class: 'button', id: 'hide', onclick: () => actions.hide() });
  const update = (now: State) => {
    if (now.name !== 'shown' && now.name !== 'recovered') return;
    text.textContent = now.hidden ? t('shown.hidden') : now.text;
    text.classList.toggle('hidden-text', now.hidden);
    hide.textContent = t(now.hidden ? 'show' : 'hide');
    const { class: className, key } = FATES[now.fate];
    fate.className = className;
    fate.textContent = t(key);
    fate.dataset['fate'] = now.fate;
  };
  update(state);
  const copy = copyButton({ label: t('copy'), copied: t('shown.copied'), failed: t('copy.failed') }, () => state.text);
  return {
    nodes: [
      h('h1', { tabindex: '-1' }, t(state.name === 'shown' ? 'shown.title' : 'recovered.title')),
      state.name === 'recovered' && h('p', { class: 'notice' }, t('recovered.notice')),
      text,
      h('div', { class: 'actions' }, copy, hide),
      fate,
      brand.after_open && h('p', { class: 'from-organization' }, brand.after_open),
      h('button', { type: 'button', class: 'button wide', id: 'done', onclick: () => actions.done() }, t('shown.done')),
    ],
    update,
  };
}
