import type { Opening } from '@waxseal/api';
import { h, type Child } from '@waxseal/ui';
import { say } from '../../shell/words.ts';
import type { State } from '../machine.ts';
import { page, type View } from '../view.ts';
import { t } from './words.ts';

type Key = Parameters<typeof t>[0];

export const lead = (key: Key, params = {}) => h('p', { class: 'lead' }, t(key, params));

/** States that are a headline, a sentence and at most one more. */
const PLAIN = {
  locked: ['locked.title', 'locked.body'],
  expired: ['expired.title', 'expired.body'],
  'not-available': ['missing.title', 'missing.body'],
  'damaged-link': ['damaged.title', 'damaged.body', 'damaged.advice'],
  'no-key': ['no-key.title', 'no-key.body', 'no-key.advice'],
  broken: ['broken.title', 'broken.body'],
  'no-channel': ['no-channel.title', 'no-channel.body'],
  unsupported: ['unsupported.title', 'unsupported.body'],
  gave: ['gave.title', 'gave.body'],
  forgotten: ['forgotten.title', 'forgotten.body'],
} as const satisfies Partial<Record<State['name'], readonly Key[]>>;

export type PlainName = keyof typeof PLAIN;

export function plainView(name: PlainName, ...rest: Child[]): View {
  const [title, body, advice] = PLAIN[name] as readonly [Key, Key, Key?];
  return page(t(title), lead(body), advice && lead(advice), ...rest);
}

export function goneView({ openings, mine, busy, kind }: Extract<State, { name: 'gone' }>): View {
  const body: Key = busy
    ? kind === 'device_bound' ? 'gone.busy.bound' : 'gone.busy'
    : kind === 'device_bound' ? 'gone.unconfirmed' : mine ? 'gone.mine' : 'gone.body';
  return page(t('gone.title'), lead(body), openings.length > 0 && openingList(openings), !mine && notYou());
}

export function openingList(openings: Opening[]): HTMLElement {
  const entry = ({ at_ms, device }: Opening) =>
    h('li', {}, t('gone.entry', { time: say.time(at_ms), device: t(`device.${device}`) }));
  return h('div', { class: 'openings' }, h('h2', {}, t('gone.list')), h('ul', {}, ...openings.map(entry)));
}

/** What to do if somebody else was first. */
export function notYou(): Child {
  return h('div', { class: 'notice bad' }, h('h2', {}, t('gone.advice.title')), h('p', {}, t('gone.advice')));
}
