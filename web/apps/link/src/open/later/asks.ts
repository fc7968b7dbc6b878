import type { Ask } from '@waxseal/api';
import { h } from '@waxseal/ui';
import type { Actions } from '../view.ts';
import { confirmation, type Confirmation } from './confirm.ts';
import { give } from './gestures.ts';
import { t } from './words.ts';

/** Six digits as people compare them: in two groups, and read aloud one by one. */
export function digits(code: string): HTMLElement {
  return h('p', { class: 'digits' }, h('span', { 'aria-hidden': 'true' }, grouped(code)), h('span', { class: 'visually-hidden' }, [...code].join(' ')));
}

const grouped = (code: string) => `${code.slice(0, 3)}\u00a0${code.slice(3)}`;

export interface Asks {
  node: HTMLElement;
  update(asks: readonly Ask[]): void;
}

/** Devices that ask to have the secret, each with its digits. Announced when they come; gone when they give up. */
export function askPanel(actions: Actions): Asks {
  const refused = new Set<string>();
  const shown = new Map<string, { node: HTMLElement; confirm: Confirmation }>();
  const place = h('div', { class: 'stack', id: 'asks', hidden: true });
  const drop = (code: string) => {
    shown.get(code)?.confirm.dialog.close();
    shown.get(code)?.node.remove();
    shown.delete(code);
  };
  const refuse = (code: string) => {
    refused.add(code);
    drop(code);
    place.append(h('p', { class: 'notice', role: 'alert' }, t('ask.refused')));
  };
  const add = (ask: Ask) => {
    const device = t(`device.${ask.device}`);
    const confirm = confirmation('give', { device, code: grouped(ask.code) }, () => actions.use(give(ask)));
    const node = askCard(ask, device, confirm.open, () => refuse(ask.code));
    node.append(confirm.dialog);
    shown.set(ask.code, { node, confirm });
    place.append(node);
  };
  const update = (asks: readonly Ask[]) => {
    const wanted = asks.filter(({ code }) => !refused.has(code));
    for (const code of shown.keys()) if (!wanted.some((ask) => ask.code === code)) drop(code);
    for (const ask of wanted) if (!shown.has(ask.code)) add(ask);
    place.hidden = place.childElementCount === 0;
  };
  return { node: place, update };
}

function askCard({ code }: Ask, device: string, give: () => void, refuse: () => void): HTMLElement {
  return h(
    'section',
    { class: 'notice warn stack', 'data-ask': code },
    h('div', { role: 'alert' }, h('h2', {}, t('ask.title', { device })), h('p', {}, t('ask.body'))),
    digits(code),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', class: 'button', 'data-give': code, onclick: give }, t('give.button')),
      h('button', { type: 'button', class: 'button', 'data-refuse': code, onclick: refuse }, t('ask.refuse')),
    ),
  );
}
