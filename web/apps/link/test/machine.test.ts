import { Problem, type PeekAnswer, type ProblemCode, type ProblemDocument } from '@waxseal/api';
import { describe, expect, test } from 'vitest';
import { isLast, next, STATES, type Event, type State } from '../src/open/machine.ts';
import { noticesFor } from '../src/open/notices.ts';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;

const look = (change: Partial<PeekAnswer> = {}): PeekAnswer => ({
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  state: 'ready',
  kind: 'one_time',
  sealed: 'client',
  passphrase: null,
  views: 1,
  views_left: 1,
  created_at_ms: NOW,
  expires_at_ms: NOW + 1_000,
  content_bytes: 1_040,
  tries: { wrong: 0, left: 20, next_at_ms: null },
  openings: [],
  yours: null,
  challenge: null,
  ...change,
});

const ARGON = { m_kib: 65_536, t: 3, p: 1 };
const LOCKED = look({ passphrase: ARGON });
const OPENING = { at_ms: NOW, device: 'phone', state: 'acked' } as const;

const problem = (code: ProblemCode, more: Partial<ProblemDocument> = {}, retryAfterMs: number | null = null): Event => {
  const document = { type: `urn:waxseal:problem:${code}`, title: 'T', status: 400, detail: 'D', code, ...more };
  return { type: 'problem', problem: new Problem(document, retryAfterMs), nowMs: NOW };
};

const run = (...events: Event[]): State => events.reduce<State>(next, { name: 'loading' });
const peeked = (answer: PeekAnswer): Event => ({ type: 'peeked', look: answer, nowMs: NOW });
const gesture: Event = { type: 'gesture', step: 'claim' };
const opened = (answer = look(), again = false): Event => ({ type: 'opened', look: answer, text: 'secret', again });

/** One way into each state. The list of states must be covered. */
const WAYS: Record<(typeof STATES)[number], Event[]> = {
  loading: [peeked(look()), { type: 'retry' }],
  ready: [peeked(look())],
  passphrase: [peeked(LOCKED)],
  'wrong-passphrase': [
    peeked(LOCKED),
    gesture,
    problem('wrong-key', { tries: { wrong: 1, left: 19, next_at_ms: null } }),
  ],
  'held-back': [peeked(LOCKED), gesture, problem('held-back', { tries: { wrong: 5, left: 15, next_at_ms: NOW + 9 } })],
  opening: [peeked(look()), gesture],
  shown: [peeked(look()), gesture, opened()],
  recovered: [opened(look({ views_left: 0 }), true)],
  done: [opened(), { type: 'done' }],
  locked: [peeked(look({ state: 'locked' }))],
  gone: [peeked(look({ state: 'destroyed', openings: [OPENING] }))],
  burned: [peeked(look({ state: 'burned' }))],
  expired: [peeked(look({ state: 'expired' }))],
  'not-available': [problem('not-available')],
  'damaged-link': [{ type: 'refused', code: 'link-damaged' }],
  broken: [peeked(look()), gesture, { type: 'refused', code: 'commit' }],
  offline: [{ type: 'problem', problem: new Problem(null), nowMs: NOW }],
  error: [peeked(look()), gesture, problem('unavailable', {}, 30_000)],
  unsupported: [{ type: 'unsupported' }],
};

describe('every state has a way into it', () => {
  test.each(STATES)('%s', (name) => expect(run(...WAYS[name]).name).toBe(name));
});

test('a wrong passphrase keeps what was seen and says how many tries are left', () => {
  const state = run(...WAYS['wrong-passphrase']);
  expect(state).toMatchObject({ look: { views: 1, tries: { wrong: 1, left: 19 } } });
});

test('the fifth wrong try holds back at once, by the server’s answer to it', () => {
  const tries = { wrong: 5, left: 15, next_at_ms: NOW + MINUTE };
  expect(run(peeked(LOCKED), gesture, problem('wrong-key', { tries }))).toMatchObject({
    name: 'held-back',
    untilMs: NOW + MINUTE,
  });
});

test.each([
  [5, 1],
  [6, 5],
  [7, 30],
  [19, 30],
])('after %i wrong tries nobody waits longer than %i min, whatever this device’s clock says', (wrong, minutes) => {
  const tries = { wrong, left: 20 - wrong, next_at_ms: NOW + 1_000 * MINUTE };
  expect(run(peeked(look({ passphrase: ARGON, tries })))).toMatchObject({ untilMs: NOW + minutes * MINUTE });
});

test('a wait that is over asks again', () => {
  const tries = { wrong: 5, left: 15, next_at_ms: NOW };
  expect(run(peeked(look({ passphrase: ARGON, tries }))).name).toBe('wrong-passphrase');
});

test('a server that refuses a key without a passphrase does not have what was sealed', () => {
  expect(run(peeked(look()), gesture, problem('wrong-key')).name).toBe('broken');
});

test('who lost the race is told when and by what it was opened', () => {
  const state = run(peeked(look()), gesture, problem('gone', { state: 'destroyed', openings: [OPENING] }));
  expect(state).toEqual({ name: 'gone', openings: [OPENING], mine: false, busy: false });
});

test('who lost the race to a burn or to time is told that', () => {
  for (const state of ['burned', 'expired'] as const) {
    expect(run(peeked(look()), gesture, problem('gone', { state })).name).toBe(state);
  }
});

test('a secret that another device has open is not called destroyed yet', () => {
  expect(run(peeked(look({ state: 'draining', openings: [OPENING] })))).toMatchObject({ name: 'gone', busy: true });
});

test('this device’s own opening is not called somebody else’s', () => {
  expect(run(peeked(look({ state: 'destroyed', yours: 'acked' })))).toMatchObject({ mine: true });
});

test('what is on the screen stays while its fate changes, and goes when it is done or burned', () => {
  const shown = [opened(), { type: 'hide', hidden: true }, { type: 'fate', fate: 'destroyed' }] as const;
  expect(run(...shown)).toMatchObject({ name: 'shown', text: 'secret', hidden: true, fate: 'destroyed' });
  expect(run(...shown, { type: 'done' })).toEqual({ name: 'done' });
  expect(run(...shown, { type: 'burned' })).toEqual({ name: 'burned' });
});

test('an answer that comes after the screen was wiped brings nothing back', () => {
  expect(run(opened(), { type: 'done' }, { type: 'fate', fate: 'used' })).toEqual({ name: 'done' });
  expect(run(opened(), { type: 'done' }, { type: 'hide', hidden: false })).toEqual({ name: 'done' });
});

test('a gesture without anything to open does nothing', () => {
  expect(run(gesture)).toEqual({ name: 'loading' });
});

test('the last view destroys; another reader’s open claim or a view left does not', () => {
  const open = { ...OPENING, state: 'open' } as const;
  expect(isLast(look(), false)).toBe(true);
  expect(isLast(look({ views: 2, views_left: 2 }), false)).toBe(false);
  expect(isLast(look({ views: 2, views_left: 1, openings: [open] }), false)).toBe(false);
  expect(isLast(look({ views: 2, views_left: 1, openings: [OPENING] }), false)).toBe(true);
  expect(isLast(look({ views_left: 0, openings: [open] }), true)).toBe(true);
  expect(isLast(look({ views: 2, views_left: 0, openings: [open, open] }), true)).toBe(false);
});

test('readers are warned before the gesture when an interruption would lose the secret', () => {
  const safari = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1';
  const line = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari Line/14.0';
  const webview = 'Mozilla/5.0 (Linux; Android 15; Pixel 9 Build/X; wv) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36';
  expect(noticesFor(true, safari)).toEqual([]);
  expect(noticesFor(false, safari)).toEqual(['no-storage']);
  expect(noticesFor(true, line)).toEqual(['in-app']);
  expect(noticesFor(false, webview)).toEqual(['no-storage', 'in-app']);
});
