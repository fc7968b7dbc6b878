import type { ReceiptAnswer } from '@waxseal/api';
import type { Line } from '@waxseal/flow/receipt';
import { copyButton, h, type Child } from '@waxseal/ui';
import { say } from '../shell/words.ts';
import { isFinal, offers, standing, timeline, type Standing, type TimelineEntry } from './model.ts';
import { t } from './words.ts';

/** What the sender can do. */
export interface Actions {
  burn(): void;
  unlock(): void;
}

/** Whether what is shown follows the server. */
export type Link = Line | 'ended';

/** A receipt whose parts stay in place while it changes, so that focus stays and changes are announced. */
export function receiptView(actions: Actions): { nodes: HTMLElement[]; update: (view: ReceiptAnswer) => void; link: (link: Link) => void } {
  const title = h('h1', { id: 'standing' });
  const body = h('p', { class: 'lead' });
  const live = h('p', { class: 'live' });
  const facts = h('dl', { class: 'facts ruled' });
  const events = h('ol', { class: 'timeline' });
  const unlock = h('button', { type: 'button', class: 'button', id: 'unlock', onclick: actions.unlock }, t('unlock.button'));
  const unlocking = h('div', { class: 'notice warn stack' }, h('p', {}, t('unlock.hint')), h('div', {}, unlock));
  const burn = burnButton(actions.burn);
  const keep = keepPanel();
  const kept = h('p', { class: 'muted small hint' });
  const update = (view: ReceiptAnswer) => {
    const words = standing(view);
    title.textContent = t(`state.${words}.title`, { opened: opened(view), total: view.views });
    body.textContent = standingBody(view, words);
    facts.replaceChildren(...(factRows(view) as Node[]));
    events.replaceChildren(...timeline(view).map(event));
    const offered = offers(view);
    unlocking.hidden = !offered.unlock;
    burn.button.hidden = !offered.burn;
    if (!offered.burn) burn.dialog.close();
    kept.textContent = t('kept', { time: say.time(view.kept_until_ms) });
    // What has ended has nothing left to follow or to destroy.
    keep.hidden = isFinal(view);
    if (isFinal(view)) link('ended');
  };
  const link = (state: Link) => {
    if (live.dataset['link'] === 'ended') return;
    live.dataset['link'] = state;
    live.textContent = t(state === 'live' ? 'live' : `live.${state}`);
  };
  link('live');
  const status = h('div', { role: 'status', class: 'standing' }, title, body);
  return {
    nodes: [
      h('div', { class: 'receipt-head' }, h('p', { class: 'eyebrow' }, t('title')), live),
      status,
      unlocking,
      facts,
      h('section', {}, h('h2', { class: 'section-title' }, t('timeline')), events),
      h('div', { class: 'actions' }, burn.button),
      keep,
      kept,
      burn.dialog,
    ],
    update,
    link,
  };
}

/** A device-bound secret is destroyed only by a device that never confirmed. */
function standingBody({ kind, views_left, expires_at_ms }: ReceiptAnswer, standing: Standing): string {
  const unconfirmed = standing === 'destroyed' && kind === 'device_bound';
  if (unconfirmed) return t('state.destroyed.unconfirmed');
  return t(`state.${standing}.body`, { count: views_left, time: say.time(expires_at_ms) });
}

const opened = ({ views, views_left }: ReceiptAnswer): number => views - views_left;

function factRows(view: ReceiptAnswer): Child[] {
  const row = (name: string, value: string): Child[] => [h('dt', {}, name), h('dd', {}, value)];
  const { time, relative } = say.moment(view.expires_at_ms, Date.now());
  return [
    ...row(t('fact.expires'), isFinal(view) ? time : t('moment', { time, relative })),
    ...(view.kind === 'device_bound'
      ? row(t('fact.kind'), t('fact.kind.bound'))
      : row(t('fact.views'), t('fact.views.value', { opened: opened(view), total: view.views }))),
    ...row(t('fact.passphrase'), t(view.passphrase ? 'fact.passphrase.yes' : 'fact.passphrase.no')),
    ...(view.tries.wrong > 0 ? row(t('fact.wrong'), String(view.tries.wrong)) : []),
  ];
}

function event(entry: TimelineEntry): HTMLElement {
  const time = entry.atMs === null ? null : h('time', { datetime: new Date(entry.atMs).toISOString() }, say.time(entry.atMs));
  const line = (...rest: Child[]) => h('li', { 'data-event': entry.what }, h('div', {}, ...rest), time);
  switch (entry.what) {
    case 'opened':
      return line(
        h('strong', {}, t('event.opened', { device: t(`device.${entry.device}`) })),
        h('span', { class: 'sub', 'data-opening': entry.state }, t(`event.opened.${entry.state}`)),
        entry.lastOpenAtMs !== null && h('span', { class: 'sub', 'data-opens': entry.opens }, again(entry.opens, entry.lastOpenAtMs)),
      );
    case 'locked':
      return line(h('strong', {}, t('event.locked', { count: entry.wrong })));
    default:
      return line(h('strong', {}, t(`event.${entry.what}`)));
  }
}

function again(count: number, lastMs: number): string {
  return t('event.opened.again', { count, time: say.time(lastMs) });
}

/** A modal `<dialog>`: the browser keeps focus inside, closes it by Escape and gives focus back. */
function burnButton(burn: () => void): { button: HTMLElement; dialog: HTMLDialogElement } {
  const close = () => dialog.close();
  const confirm = () => {
    close();
    burn();
  };
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'burn-title', 'aria-describedby': 'burn-body' },
    h('h2', { id: 'burn-title' }, t('burn.title')),
    h('p', { id: 'burn-body' }, t('burn.body')),
    h(
      'div',
      { class: 'actions end' },
      h('button', { type: 'button', class: 'button', autofocus: true, onclick: close }, t('cancel')),
      h('button', { type: 'button', class: 'button danger primary', id: 'burn-confirm', onclick: confirm }, t('burn.confirm')),
    ),
  );
  const open = () => dialog.showModal();
  return { button: h('button', { type: 'button', class: 'button danger', id: 'burn', onclick: open }, t('burn.button')), dialog };
}

function keepPanel(): HTMLElement {
  const words = { label: t('keep.copy'), copied: t('copied'), failed: t('copy.failed') };
  return h('div', { class: 'panel sunken stack' }, h('p', { class: 'small' }, t('keep')), copyButton(words, () => location.href));
}
