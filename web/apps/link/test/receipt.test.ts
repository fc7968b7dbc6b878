import type { ReceiptAnswer } from '@waxseal/api';
import { expect, test } from 'vitest';
import { isFinal, offers, standing, timeline } from '../src/receipt/model.ts';

const receipt = (change: Partial<ReceiptAnswer> = {}): ReceiptAnswer => ({
  rid: 'AAAAAAAAAAAAAAAAAAAAAA',
  state: 'ready',
  kind: 'one_time',
  sealed: 'client',
  passphrase: false,
  views: 3,
  views_left: 3,
  created_at_ms: 1,
  expires_at_ms: 100,
  kept_until_ms: 1_000,
  tries: { wrong: 0, left: 20, next_at_ms: null },
  openings: [],
  ended_at_ms: null,
  ...change,
});

const opening = { at_ms: 5, device: 'phone', state: 'acked', ended_at_ms: 6, opens: 0, last_open_at_ms: null } as const;

test('a secret with views left that was opened is neither new nor over', () => {
  expect(standing(receipt())).toBe('ready');
  expect(standing(receipt({ openings: [opening] }))).toBe('partly');
  expect(standing(receipt({ state: 'locked', openings: [opening] }))).toBe('locked');
});

test('it is over only when no device has it open', () => {
  expect(isFinal(receipt({ state: 'burned' }))).toBe(true);
  expect(isFinal(receipt({ state: 'expired', openings: [{ ...opening, state: 'open', ended_at_ms: null }] }))).toBe(false);
  expect(isFinal(receipt({ state: 'draining' }))).toBe(false);
});

test('burning is offered while anything can be burned, unlocking only when locked', () => {
  expect(offers(receipt())).toEqual({ burn: true, unlock: false });
  expect(offers(receipt({ state: 'locked' }))).toEqual({ burn: true, unlock: true });
  expect(offers(receipt({ state: 'draining' }))).toEqual({ burn: true, unlock: false });
  expect(offers(receipt({ state: 'bound' }))).toEqual({ burn: true, unlock: false });
  for (const state of ['destroyed', 'burned', 'expired'] as const) {
    expect(offers(receipt({ state }))).toEqual({ burn: false, unlock: false });
  }
});

test('a device-bound secret is not over while its device may come back', () => {
  const view = receipt({ state: 'bound', kind: 'device_bound', openings: [{ ...opening, opens: 3, last_open_at_ms: 90 }] });
  expect(isFinal(view)).toBe(false);
  expect(standing(view)).toBe('bound');
  expect(timeline(view).at(-1)).toMatchObject({ what: 'opened', opens: 3, lastOpenAtMs: 90 });
});

test('the timeline is in order and ends with how it ended', () => {
  const late = { ...opening, at_ms: 9 };
  const view = receipt({ state: 'burned', openings: [late, opening], ended_at_ms: 20 });
  expect(timeline(view).map(({ what, atMs }) => [what, atMs])).toEqual([
    ['created', 1],
    ['opened', 5],
    ['opened', 9],
    ['burned', 20],
  ]);
});

test('what has expired says so, also before the server has cleared it away', () => {
  const end = (ended_at_ms: number | null) => timeline(receipt({ state: 'expired', ended_at_ms })).at(-1);
  expect(end(null)).toEqual({ what: 'expired', atMs: 100 });
  expect(end(120)).toEqual({ what: 'expired', atMs: 120 });
});

test('a lock stands last, with how many passphrases were wrong', () => {
  const view = receipt({ state: 'locked', tries: { wrong: 21, left: 0, next_at_ms: null }, openings: [opening] });
  expect(timeline(view).at(-1)).toEqual({ what: 'locked', atMs: null, wrong: 21 });
});
