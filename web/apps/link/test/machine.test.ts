import { Problem, type PeekAnswer, type ProblemCode, type ProblemDocument } from '@waxseal/api';
import { describe, expect, test } from 'vitest';
import { isLast, lookAgainMs, losing, next, STATES, type Event, type State } from '../src/open/machine.ts';
import { boundNotices, intentFor, noticesFor } from '../src/open/notices.ts';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;

const look = (change: Partial<PeekAnswer> = {}): PeekAnswer => ({
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  sender: null,
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
  bound: null,
  copy: null,
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

const KEPT = look({ state: 'bound', kind: 'device_bound', openings: [OPENING], yours: 'acked', bound: { claim: 'clm_1', counter: 1, asks: [] } });
const ELSEWHERE = { ...KEPT, yours: null, bound: null };
const asked: Event = { type: 'asked', code: '042137', endsAtMs: NOW + 15 * MINUTE, nowMs: NOW };
const watched = (answer: PeekAnswer, nowMs = NOW): Event => ({ type: 'watched', look: answer, nowMs });
const returned: Event = { type: 'returned', look: KEPT, text: 'secret' };
const kept: Event = { type: 'fate', fate: 'kept' };

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
  returned: [peeked(KEPT), gesture, returned],
  bound: [peeked(KEPT)],
  elsewhere: [peeked(ELSEWHERE)],
  asking: [peeked(ELSEWHERE), asked],
  gave: [peeked(KEPT), { type: 'gave' }],
  forgotten: [peeked(KEPT), { type: 'forgotten' }],
  done: [opened(), { type: 'done' }],
  locked: [peeked(look({ state: 'locked' }))],
  gone: [peeked(look({ state: 'destroyed', openings: [OPENING] }))],
  burned: [peeked(look({ state: 'burned' }))],
  expired: [peeked(look({ state: 'expired' }))],
  'not-available': [problem('not-available')],
  'damaged-link': [{ type: 'refused', code: 'link-damaged', keyless: false }],
  'no-key': [{ type: 'refused', code: 'link-malformed', keyless: true }],
  broken: [peeked(look()), gesture, { type: 'refused', code: 'commit', keyless: true }],
  offline: [{ type: 'problem', problem: new Problem(null), nowMs: NOW }],
  'no-channel': [{ type: 'problem', problem: new Problem(null, null, 'no-channel'), nowMs: NOW }],
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
  expect(state).toEqual({ name: 'gone', openings: [OPENING], mine: false, busy: false, kind: 'one_time' });
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

describe('a device-bound secret', () => {
  test('that is done with goes back to where it is kept, and can be left without a question', () => {
    const shown = run(opened(KEPT), kept);
    expect([losing(run(opened(KEPT))), losing(shown)]).toEqual([true, false]);
    expect(next(shown, { type: 'done' })).toEqual({ name: 'bound', look: KEPT });
    expect(run(opened(KEPT), { type: 'fate', fate: 'unkept' }, { type: 'done' }).name).toBe('done');
  });

  test('shows who asks for it, also beside the text', () => {
    const ask = { at_ms: NOW, device: 'phone', thumbprint: 't', receive: 'r', code: '042137' } as const;
    const asking = { ...KEPT, bound: { claim: 'clm_1', counter: 2, asks: [ask] } };
    for (const before of [[peeked(KEPT)], [returned], [opened(KEPT), kept]]) {
      expect(run(...before, watched(asking))).toMatchObject({ look: { bound: { asks: [ask] } } });
    }
    expect(run(returned, watched(asking))).toMatchObject({ name: 'returned', text: 'secret' });
  });

  test.each([
    ['burned', 'burned'],
    ['expired', 'expired'],
    ['bound', 'elsewhere'],
  ] as const)('that is %s meanwhile leaves the screen', (state, name) => {
    const over = { ...ELSEWHERE, state };
    expect(run(returned, watched(over)).name).toBe(name);
    expect(run(peeked(KEPT), watched(over)).name).toBe(name);
  });

  test('that was handed over appears on the device that asked', () => {
    expect(run(peeked(ELSEWHERE), asked, watched(KEPT)).name).toBe('bound');
  });

  test('that nobody hands over is waited for 15 minutes, whatever this device’s clock says', () => {
    const late: Event = { type: 'asked', code: '042137', endsAtMs: NOW + 1_000 * MINUTE, nowMs: NOW };
    expect(run(peeked(ELSEWHERE), late)).toMatchObject({ untilMs: NOW + 15 * MINUTE });
    expect(run(peeked(ELSEWHERE), late, watched(ELSEWHERE, NOW + 15 * MINUTE - 1)).name).toBe('asking');
    expect(run(peeked(ELSEWHERE), late, watched(ELSEWHERE, NOW + 15 * MINUTE))).toMatchObject({ name: 'elsewhere', unanswered: true });
    expect(run(peeked(ELSEWHERE), late, { type: 'stop-asking' })).toMatchObject({ name: 'elsewhere', unanswered: false });
  });

  test('whose first device was faster is told to be elsewhere', () => {
    const ready = look({ kind: 'device_bound' });
    const state = run(peeked(ready), gesture, problem('gone', { state: 'bound', openings: [OPENING] }));
    expect(state).toMatchObject({ name: 'elsewhere', look: { openings: [OPENING] } });
  });

  test('that no device ever confirmed is not called read', () => {
    expect(run(peeked(look({ kind: 'device_bound', state: 'destroyed' })))).toMatchObject({ name: 'gone', kind: 'device_bound' });
  });
});

test('the page looks again only where that can change something', () => {
  const pauses = STATES.map((name) => [name, lookAgainMs(run(...WAYS[name]))] as const);
  expect(pauses.filter(([, pause]) => pause !== null)).toEqual([['returned', 20_000], ['bound', 20_000], ['asking', 4_000]]);
  expect(lookAgainMs(run(opened(), { type: 'fate', fate: 'used' }))).toBe(20_000);
  expect(lookAgainMs(run(opened(), { type: 'fate', fate: 'destroyed' }))).toBeNull();
});

test('a text that others may still open stays until it is burned', () => {
  const shown = [opened(look({ views: 2, views_left: 1 })), { type: 'fate', fate: 'used' }] as const;
  expect(run(...shown, watched(look({ state: 'expired' })))).toMatchObject({ name: 'shown', text: 'secret' });
  expect(run(...shown, watched(look({ state: 'burned' }))).name).toBe('burned');
});

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const AGENTS = {
  safari: `${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1`,
  chromeOnIphone: `${IPHONE} CriOS/130.0.0.0 Mobile/15E148 Safari/604.1`,
  safariOnMac: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  chrome: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0',
  chromeOnAndroid: 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36',
};
const ANDROID_VIEW = 'Mozilla/5.0 (Linux; Android 15; Pixel 9 Build/X; wv) AppleWebKit/537.36 Version/4.0 Chrome/130.0 Mobile Safari/537.36';
const IN_APP = {
  line: `${IPHONE} Mobile/15E148 Safari Line/14.0`,
  instagram: `${IPHONE} Mobile/15E148 Instagram 380.0`,
  facebook: `${IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/450.0]`,
  slack: `${ANDROID_VIEW} Slack/24.10`,
  teams: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Teams/24 Chrome/130.0 Safari/537.36',
  anIphoneApp: `${IPHONE} Mobile/15E148`,
  anAndroidApp: ANDROID_VIEW,
};

test('browsers inside other apps are told apart from browsers', () => {
  for (const [name, agent] of Object.entries(AGENTS)) expect(noticesFor(true, agent), name).toEqual([]);
  for (const [name, agent] of Object.entries(IN_APP)) expect(noticesFor(true, agent), name).toEqual(['in-app']);
  expect(noticesFor(false, ANDROID_VIEW)).toEqual(['no-storage', 'in-app']);
});

test('who opens a device-bound secret of more than 7 days in WebKit is told to come back each week', () => {
  const days = (n: number) => look({ kind: 'device_bound', expires_at_ms: NOW + n * 86_400_000 });
  for (const agent of [AGENTS.safari, AGENTS.chromeOnIphone, AGENTS.safariOnMac]) {
    expect(boundNotices(agent, days(8), NOW)).toEqual(['seven-days']);
    expect(boundNotices(agent, days(7), NOW)).toEqual([]);
    expect(boundNotices(agent, { ...days(8), kind: 'one_time' }, NOW)).toEqual([]);
  }
  for (const agent of [AGENTS.chrome, AGENTS.firefox, AGENTS.chromeOnAndroid]) expect(boundNotices(agent, days(30), NOW)).toEqual([]);
});

test('inside an Android app the whole link, its key included, is offered to a browser', () => {
  const link = 'https://secrets.example.com/s/AAAAAAAAAAAAAAAAAAAAAA#1TTT';
  expect(intentFor(link, ANDROID_VIEW)).toBe(
    'intent://secrets.example.com/s/AAAAAAAAAAAAAAAAAAAAAA#1TTT#Intent;scheme=https;action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end',
  );
  expect(intentFor(link, IN_APP.line)).toBeNull();
  expect(intentFor(link, AGENTS.chromeOnAndroid)).toBeNull();
});
