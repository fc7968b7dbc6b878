import type { MemberReceipt } from '../../api/types.ts';

export const STATES = ['ready', 'draining', 'bound', 'locked', 'destroyed', 'burned', 'expired'] as const;
export const KINDS = ['one_time', 'device_bound'] as const;

type Tone = 'plain' | 'accent' | 'good' | 'warn' | 'bad';

/** Waiting is ours, opened is good, locked wants somebody; what ended by itself or by us is only past. */
const TONES: Readonly<Record<MemberReceipt['state'], Tone>> = {
  ready: 'accent',
  draining: 'warn',
  bound: 'good',
  locked: 'bad',
  destroyed: 'good',
  burned: 'plain',
  expired: 'plain',
};

export const tone = ({ state }: MemberReceipt): Tone => TONES[state];

/** Whether there is still something to destroy. */
export const burnable = ({ state }: MemberReceipt): boolean => ['ready', 'locked', 'draining', 'bound'].includes(state);

export const opened = ({ views, views_left }: MemberReceipt): number => views - views_left;
