import type { ClaimState, DeviceClass, ReceiptAnswer } from '@waxseal/api';

/** Everything the receipt page can be, each shown as `data-state` on `<main>`. */
export const STATES = [
  'loading',
  'ready',
  'partly',
  'draining',
  'bound',
  'locked',
  'destroyed',
  'burned',
  'expired',
  'missing',
  'offline',
  'no-channel',
  'error',
  'unsupported',
] as const;

export type StateName = (typeof STATES)[number];

/** The states in which there is a receipt to show. */
export type Standing = ReceiptAnswer['state'] | 'partly';

/** How the secret stands, as a sender thinks of it: with several views, opened once is neither new nor over. */
export function standing({ state, openings }: ReceiptAnswer): Standing {
  return state === 'ready' && openings.length > 0 ? 'partly' : state;
}

/** Whether nothing can change any more. */
export function isFinal({ state, openings }: ReceiptAnswer): boolean {
  return ['destroyed', 'burned', 'expired'].includes(state) && openings.every(({ state }) => state !== 'open');
}

/** What the sender may still do. */
export function offers({ state }: ReceiptAnswer): { burn: boolean; unlock: boolean } {
  return { burn: ['ready', 'locked', 'draining', 'bound'].includes(state), unlock: state === 'locked' };
}

export type TimelineEntry =
  | { what: 'created' | 'destroyed' | 'burned' | 'expired'; atMs: number }
  | { what: 'opened'; atMs: number; device: DeviceClass; state: ClaimState; opens: number; lastOpenAtMs: number | null }
  | { what: 'locked'; atMs: null; wrong: number };

/** What happened, oldest first. A lock's moment is not recorded, so it stands last: it is how things are now. */
export function timeline(view: ReceiptAnswer): TimelineEntry[] {
  const opened = view.openings.map(({ at_ms, device, state, opens, last_open_at_ms }) => ({
    what: 'opened' as const,
    atMs: at_ms,
    device,
    state,
    opens,
    lastOpenAtMs: last_open_at_ms,
  }));
  const entries: TimelineEntry[] = [{ what: 'created', atMs: view.created_at_ms }, ...opened];
  const { state } = view;
  if (state === 'destroyed' || state === 'burned' || state === 'expired') {
    // Time ends a secret before the server has cleared it away: until then the moment of its expiry is the moment.
    const atMs = view.ended_at_ms ?? (state === 'expired' ? view.expires_at_ms : null);
    if (atMs !== null) entries.push({ what: state, atMs });
  }
  if (state === 'locked') entries.push({ what: 'locked', atMs: null, wrong: view.tries.wrong });
  return entries.sort((a, b) => (a.atMs ?? Infinity) - (b.atMs ?? Infinity));
}
