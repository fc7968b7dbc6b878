import type { Opening } from '@waxseal/api';
import { h, type Child } from '@waxseal/ui';
import { say } from '../shell/words.ts';
import type { State } from './machine.ts';
import type { Around, View } from './view.ts';
import { t } from './words.ts';

type Key = Parameters<typeof t>[0];

function page(title: string, ...rest: Child[]): View {
  return { nodes: [h('h1', { tabindex: '-1' }, title), ...rest] };
}

const lead = (key: Key) => h('p', { class: 'lead' }, t(key));

/** States that are a headline, a sentence and at most one more. */
const PLAIN = {
  done: ['done.title', 'done.body'],
  locked: ['locked.title', 'locked.body'],
  burned: ['burned.title', 'burned.body'],
  expired: ['expired.title', 'expired.body'],
  'not-available': ['missing.title', 'missing.body'],
  'damaged-link': ['damaged.title', 'damaged.body', 'damaged.advice'],
  broken: ['broken.title', 'broken.body'],
  unsupported: ['unsupported.title', 'unsupported.body'],
} as const satisfies Partial<Record<State['name'], readonly Key[]>>;

export function plainView(name: keyof typeof PLAIN): View {
  const [title, body, advice] = PLAIN[name] as readonly [Key, Key, Key?];
  return page(t(title), lead(body), advice && lead(advice));
}

export function goneView({ openings, mine, busy }: Extract<State, { name: 'gone' }>): View {
  const entry = ({ at_ms, device }: Opening) =>
    h('li', {}, t('gone.entry', { time: say.time(at_ms), device: t(`device.${device}`) }));
  return page(
    t('gone.title'),
    lead(busy ? 'gone.busy' : mine ? 'gone.mine' : 'gone.body'),
    openings.length > 0 &&
      h('div', { class: 'openings' }, h('h2', {}, t('gone.list')), h('ul', {}, ...openings.map(entry))),
    !mine && h('div', { class: 'notice bad' }, h('h2', {}, t('gone.advice.title')), h('p', {}, t('gone.advice'))),
  );
}

export function offlineView({ actions }: Around): View {
  return page(t('offline.title'), lead('offline.body'), retryButton(actions.retry));
}

export function errorView({ title, detail, retryAfterMs }: Extract<State, { name: 'error' }>, around: Around): View {
  return page(
    title || t('error.title'),
    detail && h('p', { class: 'lead' }, detail),
    retryAfterMs !== null && h('p', { class: 'muted center' }, t('error.again', { time: say.duration(retryAfterMs) })),
    retryButton(around.actions.retry),
  );
}

function retryButton(retry: () => void): HTMLElement {
  return h('button', { type: 'button', class: 'button primary', id: 'retry', onclick: retry }, t('retry'));
}
