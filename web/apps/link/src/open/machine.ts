import type { Opening, PeekAnswer, Problem, State as SecretState, Tries } from '@waxseal/api';
import type { RefusedCode } from '@waxseal/crypto';

/** Everything the opening page can be, each shown as `data-state` on `<main>`. */
export const STATES = [
  'loading',
  'ready',
  'passphrase',
  'wrong-passphrase',
  'held-back',
  'opening',
  'shown',
  'recovered',
  'done',
  'locked',
  'gone',
  'burned',
  'expired',
  'not-available',
  'damaged-link',
  'broken',
  'offline',
  'error',
  'unsupported',
] as const;

export type StateName = (typeof STATES)[number];

/** What became of the view on the server, once its text is on the screen. */
export type Fate = 'confirming' | 'unconfirmed' | 'destroyed' | 'used' | 'lapsed';

export type State =
  | { name: 'loading' | 'done' | 'burned' | 'expired' | 'not-available' | 'damaged-link' | 'broken' | 'unsupported' }
  | { name: 'ready' | 'passphrase' | 'wrong-passphrase'; look: PeekAnswer }
  | { name: 'held-back'; look: PeekAnswer; untilMs: number }
  | { name: 'opening'; look: PeekAnswer; step: 'stretch' | 'claim' }
  | { name: 'shown' | 'recovered'; look: PeekAnswer; text: string; hidden: boolean; fate: Fate }
  | { name: 'locked'; look: PeekAnswer | null }
  | { name: 'gone'; openings: Opening[]; mine: boolean; busy: boolean }
  | { name: 'offline' }
  | { name: 'error'; title: string; detail: string; retryAfterMs: number | null };

export type Event =
  | { type: 'unsupported' }
  | { type: 'retry' }
  | { type: 'refused'; code: RefusedCode }
  | { type: 'peeked'; look: PeekAnswer; nowMs: number }
  | { type: 'gesture'; step: 'stretch' | 'claim' }
  | { type: 'opened'; look: PeekAnswer; text: string; again: boolean }
  | { type: 'fate'; fate: Fate }
  | { type: 'hide'; hidden: boolean }
  | { type: 'burned' }
  | { type: 'done' }
  | { type: 'problem'; problem: Problem; nowMs: number };

/**
 * When the next try is possible. The server says a moment by its own clock; this device's may be wrong, so the wait is
 * never longer than the protocol's for that many wrong tries (`docs/protocol.md` §8).
 */
function heldUntil({ wrong, next_at_ms }: Tries, nowMs: number): number {
  const minutes = wrong <= 5 ? 1 : wrong === 6 ? 5 : 30;
  return Math.min(next_at_ms ?? 0, nowMs + minutes * 60_000);
}

/** The page's next state. Knows no time, no network and no screen. */
export function next(state: State, event: Event): State {
  switch (event.type) {
    case 'unsupported':
      return { name: 'unsupported' };
    case 'retry':
      return { name: 'loading' };
    case 'refused':
      return { name: event.code.startsWith('link-') ? 'damaged-link' : 'broken' };
    case 'peeked':
      return looked(event.look, event.nowMs);
    case 'gesture':
      return 'look' in state && state.look ? { name: 'opening', look: state.look, step: event.step } : state;
    case 'opened':
      return {
        name: event.again ? 'recovered' : 'shown',
        look: event.look,
        text: event.text,
        hidden: false,
        fate: 'confirming',
      };
    case 'fate':
      return onScreen(state) ? { ...state, fate: event.fate } : state;
    case 'hide':
      return onScreen(state) ? { ...state, hidden: event.hidden } : state;
    case 'burned':
      return { name: 'burned' };
    case 'done':
      return { name: 'done' };
    case 'problem':
      return stopped(state, event.problem, event.nowMs);
  }
}

type OnScreen = Extract<State, { name: 'shown' | 'recovered' }>;

/** Whether the text is on the screen, so that leaving would lose it. */
export function onScreen(state: State): state is OnScreen {
  return state.name === 'shown' || state.name === 'recovered';
}

/** Whether taking this view leaves nothing for anybody else: the server then destroys the secret. */
export function isLast(look: PeekAnswer, again: boolean): boolean {
  const others = look.openings.filter((opening) => opening.state === 'open').length - (again ? 1 : 0);
  return look.views_left === (again ? 0 : 1) && others <= 0;
}

function looked(look: PeekAnswer, nowMs: number): State {
  switch (look.state) {
    case 'ready':
      return look.passphrase ? asking(look, nowMs) : { name: 'ready', look };
    case 'locked':
      return { name: 'locked', look };
    default:
      return ended(look.state, look.openings, look.yours !== null);
  }
}

/** Asks for the passphrase, at once or after the wait that wrong ones brought. */
function asking(look: PeekAnswer, nowMs: number): State {
  const untilMs = heldUntil(look.tries, nowMs);
  if (untilMs > nowMs) return { name: 'held-back', look, untilMs };
  return { name: look.tries.wrong > 0 ? 'wrong-passphrase' : 'passphrase', look };
}

function ended(state: Exclude<SecretState, 'ready' | 'locked'>, openings: Opening[], mine: boolean): State {
  switch (state) {
    case 'burned':
    case 'expired':
      return { name: state };
    case 'draining':
    case 'destroyed':
      return { name: 'gone', openings, mine, busy: state === 'draining' };
  }
}

function stopped(state: State, problem: Problem, nowMs: number): State {
  const { code, document, retryAfterMs } = problem;
  const look = 'look' in state ? state.look : null;
  switch (code) {
    case 'no-answer':
      return { name: 'offline' };
    case 'not-available':
      return { name: 'not-available' };
    case 'locked':
      return { name: 'locked', look: look && withTries(look, document?.tries) };
    case 'gone': {
      const reached = document?.state ?? 'destroyed';
      const openings = document?.openings ?? [];
      return reached === 'ready' || reached === 'locked'
        ? { name: 'gone', openings, mine: true, busy: false }
        : ended(reached, openings, false);
    }
    case 'wrong-key':
    case 'held-back':
      if (look?.passphrase) return asking(withTries(look, document?.tries), nowMs);
      // Without a passphrase the key follows from the link: a server that refuses it does not have what was sealed.
      if (look) return { name: 'broken' };
  }
  return { name: 'error', title: document?.title ?? '', detail: document?.detail ?? '', retryAfterMs };
}

function withTries(look: PeekAnswer, tries: Tries | undefined): PeekAnswer {
  return tries ? { ...look, tries } : look;
}
