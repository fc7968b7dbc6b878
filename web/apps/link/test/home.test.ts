import { MAX_TEXT_BYTES } from '@waxseal/crypto';
import { expect, test } from 'vitest';
import { invitationSubject, invitationText } from '../src/home/invitation.ts';
import { check, kindsOf, lifetimes, localMinute, outlivesStorage, strength, type Draft, type Limits } from '../src/home/model.ts';

const NOW = new Date(2026, 10, 22, 15, 40).getTime();
const LIMITS: Limits = { max_lifetime_s: 2_592_000, max_views: 1_000 };
const draft = (change: Partial<Draft> = {}): Draft => ({
  text: 'hunter2',
  kind: 'one_time',
  lifetime: '604800',
  at: '',
  views: '1',
  passphrase: '',
  ...change,
});
const checked = (change: Partial<Draft>) => check(draft(change), LIMITS, NOW);
const faults = (change: Partial<Draft>) => {
  const result = checked(change);
  return 'faults' in result ? result.faults : null;
};

test('a filled form becomes an order', () => {
  expect(checked({ views: '3', passphrase: ' two words ' })).toEqual({
    order: { text: 'hunter2', kind: 'one_time', views: 3, expires: { after_s: 604_800 }, passphrase: ' two words ' },
  });
});

test('a device-bound secret has one view, whatever the hidden field says', () => {
  const order = { text: 'hunter2', kind: 'device_bound', views: 1, expires: { after_s: 604_800 }, passphrase: null };
  for (const views of ['7', '', 'x']) expect(checked({ kind: 'device_bound', views })).toEqual({ order });
});

test('a sender is warned when a browser may forget the key before the secret expires', () => {
  const warned = (change: Partial<Draft>) => outlivesStorage(draft(change), LIMITS, NOW);
  const days = (n: number) => localMinute(NOW + n * 86_400_000);
  expect(warned({ kind: 'device_bound', lifetime: '2592000' })).toBe(true);
  expect(warned({ kind: 'device_bound', lifetime: 'exact', at: days(8) })).toBe(true);
  expect(warned({ kind: 'device_bound', lifetime: 'exact', at: days(7) })).toBe(false);
  expect(warned({ kind: 'device_bound', lifetime: 'exact', at: '' })).toBe(false);
  expect(warned({ kind: 'device_bound' })).toBe(false);
  expect(warned({ lifetime: '2592000' })).toBe(false);
});

test('every rule that is broken is named at its field, all at once', () => {
  expect(faults({ text: '', views: '0', lifetime: 'exact', at: '', passphrase: 'x'.repeat(1_025) })).toEqual({
    text: 'empty',
    views: 'invalid',
    at: 'invalid',
    passphrase: 'too-long',
  });
});

test.each(['0', '1001', '1.5', '-1', '', 'x', '1e9'])('%j views are refused', (views) => {
  expect(faults({ views })).toEqual({ views: 'invalid' });
});

test('a text is measured in bytes, as the seal does', () => {
  expect(faults({ text: 'あ'.repeat(Math.floor(MAX_TEXT_BYTES / 3)) })).toBeNull();
  expect(faults({ text: 'あ'.repeat(Math.ceil(MAX_TEXT_BYTES / 3)) })).toEqual({ text: 'too-large' });
});

test('an exact time is taken from a minute from now to the longest lifetime, in local time', () => {
  const at = (ms: number) => checked({ lifetime: 'exact', at: localMinute(NOW + ms) });
  expect(at(60_000)).toMatchObject({ order: { expires: { at_ms: NOW + 60_000 } } });
  expect(at(2_592_000_000)).toMatchObject({ order: { expires: { at_ms: NOW + 2_592_000_000 } } });
  for (const wrong of [0, -86_400_000, 2_592_060_000]) expect(at(wrong)).toEqual({ faults: { at: 'invalid' } });
});

test('presets beyond the organization’s limit are not offered', () => {
  expect(lifetimes(LIMITS)).toEqual({ presets: [300, 3_600, 86_400, 259_200, 604_800, 2_592_000], chosen: 604_800 });
  expect(lifetimes({ ...LIMITS, max_lifetime_s: 90_000 })).toEqual({ presets: [300, 3_600, 86_400], chosen: 86_400 });
  expect(lifetimes({ ...LIMITS, max_lifetime_s: 120 })).toEqual({ presets: [], chosen: 120 });
});

test('what an organization begins with stands among the presets', () => {
  expect(lifetimes({ ...LIMITS, lifetime_s: 7_200 })).toEqual({ presets: [300, 3_600, 7_200, 86_400, 259_200, 604_800, 2_592_000], chosen: 7_200 });
  expect(lifetimes({ max_lifetime_s: 120, max_views: 1, lifetime_s: 60 })).toEqual({ presets: [60], chosen: 60 });
});

test('only the kinds that an organization allows are offered, and the first or its own choice is made', () => {
  expect(kindsOf(LIMITS)).toEqual({ offered: ['one_time', 'device_bound'], chosen: 'one_time' });
  expect(kindsOf({ ...LIMITS, kind: 'device_bound' })).toEqual({ offered: ['one_time', 'device_bound'], chosen: 'device_bound' });
  expect(kindsOf({ ...LIMITS, kinds: ['device_bound'] })).toEqual({ offered: ['device_bound'], chosen: 'device_bound' });
});

test('a passphrase that an organization requires is missed at its field', () => {
  const required: Limits = { ...LIMITS, passphrase: 'required' };
  expect(check(draft(), required, NOW)).toEqual({ faults: { passphrase: 'empty' } });
  expect(check(draft({ passphrase: ' ' }), required, NOW)).toHaveProperty('order.passphrase', ' ');
  expect(check(draft(), { ...LIMITS, passphrase: 'optional' }, NOW)).toHaveProperty('order.passphrase', null);
});

test('a passphrase that is a first guess, short, repeated or a run is called weak', () => {
  for (const weak of ['', 'password1!', 'Himitsu2026', 'aaaaaaaaaaaaaaaa', 'abcdefghijklmnop', '1234567890', 'qwertyuiop', 'x7!']) {
    expect(strength(weak), weak).toBe(0);
  }
  expect(strength('tangerine')).toBe(1);
  expect(strength('tangerine-42')).toBe(2);
  expect(strength('zumobe-hakiru-tefoda-ginubo')).toBe(3);
  expect(strength('桜の木の下で待ち合わせましょう')).toBe(3);
});

const INVITATION = {
  organization: 'Acme, Inc.',
  link: 'https://secrets.acme.example/s/AAAAAAAAAAAAAAAAAAAAAA#1T',
  expiresAtMs: Date.UTC(2026, 10, 29, 6, 40),
  kind: 'one_time' as const,
  views: 1,
  passphrase: true,
};

test('an invitation carries the link, the real expiry with its zone, and what the reader will need', () => {
  const en = invitationText('en', INVITATION);
  expect(en).toContain(INVITATION.link);
  expect(en).toContain('through Acme, Inc.');
  expect(en).toMatch(/Available until November (28|29|30), 2026.*(UTC|GMT|[A-Z]{2,4})/);
  expect(en).toContain('opens once');
  expect(en).toContain('passphrase');
  const ja = invitationText('ja', { ...INVITATION, views: 3, passphrase: false });
  expect(ja).toMatch(/有効期限：2026年11月(28|29|30)日/);
  expect(ja).toContain('開封できる回数：3回');
  expect(ja).not.toContain('パスフレーズ');
  expect(ja).not.toMatch(/\{|\}|false/);
  const bound = invitationText('en', { ...INVITATION, kind: 'device_bound' });
  expect(bound).toContain('no other device');
  expect(bound).not.toContain('opens once');
  expect(invitationSubject('ja', 'Acme')).toContain('Acme');
});
