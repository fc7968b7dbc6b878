import type { MemberReceipt } from '../../api/types.ts';

export const STATES = ['ready', 'draining', 'bound', 'locked', 'destroyed', 'burned', 'expired'] as const;
export const KINDS = ['one_time', 'device_bound'] as const;

type Tone = 'plain' | 'past' | 'good' | 'warn' | 'bad';

/** Waiting is nothing to look at, opened is good, locked wants somebody; what ended by itself or by us is past. */
const TONES: Readonly<Record<MemberReceipt['state'], Tone>> = {
  ready: 'plain',
  draining: 'warn',
  bound: 'good',
  locked: 'bad',
  destroyed: 'good',
  burned: 'past',
  expired: 'past',
};

export const tone = ({ state }: MemberReceipt): Tone => TONES[state];

/** Whether there is still something to destroy. */
export const burnable = ({ state }: MemberReceipt): boolean => ['ready', 'locked', 'draining', 'bound'].includes(state);

export const opened = ({ views, views_left }: MemberReceipt): number => views - views_left;
