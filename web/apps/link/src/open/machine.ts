import type { Opening, PeekAnswer, Problem, State as SecretState, Tries } from '@waxseal/api';
import type { Kind, RefusedCode } from '@waxseal/crypto';

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
  'returned',
  'bound',
  'elsewhere',
  'asking',
  'gave',
  'forgotten',
  'done',
  'locked',
  'gone',
  'burned',
  'expired',
  'not-available',
  'damaged-link',
  'no-key',
  'broken',
  'offline',
  'no-channel',
  'error',
  'unsupported',
] as const;

export type StateName = (typeof STATES)[number];

/** An ask stands for 15 minutes (`docs/protocol.md` §6), whatever this device's clock says. */
const ASK_MS = 900_000;

/**
 * What became of the view on the server, once its text is on the screen. `kept`: this device may come back. `unkept`: it
 * could, had its browser not refused to keep the key.
 */
export type Fate = 'confirming' | 'unconfirmed' | 'destroyed' | 'used' | 'lapsed' | 'kept' | 'unkept';

type Plain =
  | 'loading'
  | 'gave'
  | 'forgotten'
  | 'done'
  | 'burned'
  | 'expired'
  | 'not-available'
  | 'damaged-link'
  | 'no-key'
  | 'broken'
  | 'offline'
  | 'no-channel'
  | 'unsupported';

export type State =
  | { name: Plain }
  | { name: 'ready' | 'passphrase' | 'wrong-passphrase'; look: PeekAnswer }
  | { name: 'held-back'; look: PeekAnswer; untilMs: number }
  | { name: 'opening'; look: PeekAnswer; step: 'stretch' | 'claim' }
  | { name: 'shown' | 'recovered' | 'returned'; look: PeekAnswer; text: string; hidden: boolean; fate: Fate }
  /** Bound to this device, and not on the screen. */
  | { name: 'bound'; look: PeekAnswer }
  /** Bound to another device; `unanswered` if that was asked to hand it over and did not. */
  | { name: 'elsewhere'; look: PeekAnswer; unanswered: boolean }
  | { name: 'asking'; look: PeekAnswer; code: string; untilMs: number }
  | { name: 'locked'; look: PeekAnswer | null }
  | { name: 'gone'; openings: Opening[]; mine: boolean; busy: boolean; kind: Kind }
  | { name: 'error'; title: string; detail: string; retryAfterMs: number | null };

export type Event =
  | { type: 'unsupported' }
  | { type: 'retry' }
  /** `keyless`: the address has no fragment, as after an earlier visit. */
  | { type: 'refused'; code: RefusedCode; keyless: boolean }
  | { type: 'peeked'; look: PeekAnswer; nowMs: number }
  | { type: 'gesture'; step: 'stretch' | 'claim' }
  | { type: 'opened'; look: PeekAnswer; text: string; again: boolean }
  | { type: 'returned'; look: PeekAnswer; text: string }
  /** Another look while something is on the screen or waited for. */
  | { type: 'watched'; look: PeekAnswer; nowMs: number }
  | { type: 'asked'; code: string; endsAtMs: number; nowMs: number }
  | { type: 'stop-asking' }
  | { type: 'gave' | 'forgotten' }
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
      return { name: !event.code.startsWith('link-') ? 'broken' : event.keyless ? 'no-key' : 'damaged-link' };
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
    case 'returned':
      return { name: 'returned', look: event.look, text: event.text, hidden: false, fate: 'kept' };
    case 'watched':
      return watched(state, event.look, event.nowMs);
    case 'asked':
      if (state.name !== 'elsewhere') return state;
      return { name: 'asking', look: state.look, code: event.code, untilMs: Math.min(event.endsAtMs, event.nowMs + ASK_MS) };
    case 'stop-asking':
      return state.name === 'asking' ? { name: 'elsewhere', look: state.look, unanswered: false } : state;
    case 'gave':
    case 'forgotten':
      return { name: event.type };
    case 'fate':
      return onScreen(state) ? { ...state, fate: event.fate } : state;
    case 'hide':
      return onScreen(state) ? { ...state, hidden: event.hidden } : state;
    case 'burned':
      return { name: 'burned' };
    case 'done':
      return onScreen(state) && state.fate === 'kept' ? { name: 'bound', look: state.look } : { name: 'done' };
    case 'problem':
      return stopped(state, event.problem, event.nowMs);
  }
}

export type OnScreen = Extract<State, { text: string }>;

/** Whether the text is on the screen. */
export function onScreen(state: State): state is OnScreen {
  return 'text' in state;
}

/** Whether leaving the page would lose the text. */
export function losing(state: State): boolean {
  return onScreen(state) && state.fate !== 'kept';
}

/** How long until another look is due, in milliseconds; null in states that no look can change. */
export function lookAgainMs(state: State): number | null {
  // Who asks for a hand-over sits in front of it. Asks, burns and hand-overs by another tab can wait a little.
  if (state.name === 'asking') return 4_000;
  const waits = state.name === 'bound' || (onScreen(state) && ['kept', 'unkept', 'used'].includes(state.fate));
  return waits ? 20_000 : null;
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
    case 'bound':
      return look.bound ? { name: 'bound', look } : { name: 'elsewhere', look, unanswered: false };
    default:
      return ended(look.state, look.openings, look.yours !== null, look.kind);
  }
}

/** What another look changes. While a text is on the screen, only its end takes it away. */
function watched(state: State, look: PeekAnswer, nowMs: number): State {
  if (state.name === 'asking' && look.state === 'bound' && !look.bound) {
    return nowMs < state.untilMs ? state : { name: 'elsewhere', look, unanswered: true };
  }
  if (onScreen(state) && (look.bound || state.fate === 'used') && look.state !== 'burned') return { ...state, look };
  return lookAgainMs(state) === null ? state : looked(look, nowMs);
}

/** Asks for the passphrase, at once or after the wait that wrong ones brought. */
function asking(look: PeekAnswer, nowMs: number): State {
  const untilMs = heldUntil(look.tries, nowMs);
  if (untilMs > nowMs) return { name: 'held-back', look, untilMs };
  return { name: look.tries.wrong > 0 ? 'wrong-passphrase' : 'passphrase', look };
}

function ended(state: Exclude<SecretState, 'ready' | 'locked' | 'bound'>, openings: Opening[], mine: boolean, kind: Kind): State {
  switch (state) {
    case 'burned':
    case 'expired':
      return { name: state };
    case 'draining':
    case 'destroyed':
      return { name: 'gone', openings, mine, busy: state === 'draining', kind };
  }
}

function stopped(state: State, problem: Problem, nowMs: number): State {
  const { code, document, retryAfterMs } = problem;
  const look = 'look' in state ? state.look : null;
  switch (code) {
    case 'no-answer':
      return { name: 'offline' };
    case 'no-channel':
      return { name: 'no-channel' };
    case 'not-available':
      return { name: 'not-available' };
    case 'locked':
      return { name: 'locked', look: look && withTries(look, document?.tries) };
    case 'gone': {
      const reached = document?.state ?? 'destroyed';
      const openings = document?.openings ?? [];
      const kind = look?.kind ?? 'one_time';
      if (reached === 'bound' && look) return { name: 'elsewhere', look: { ...look, openings }, unanswered: false };
      return reached === 'ready' || reached === 'locked' || reached === 'bound'
        ? { name: 'gone', openings, mine: true, busy: false, kind }
        : ended(reached, openings, false, kind);
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
