import { readFileSync } from 'node:fs';
import accountEn from '@waxseal/i18n/locales/en/account.json';
import organizationEn from '@waxseal/i18n/locales/en/organization.json';
import accountJa from '@waxseal/i18n/locales/ja/account.json';
import organizationJa from '@waxseal/i18n/locales/ja/organization.json';
import { expect, test } from 'vitest';
import type { ApiKey } from '../src/api/types.ts';
import { EVENTS, sortOf } from '../src/features/account/events.ts';
import { ACTIONS, dayEnd, dayStart } from '../src/features/organization/audit.ts';
import { check, keyState, overlapOf, type Draft } from '../src/features/organization/keys.ts';
import { originOf } from '../src/features/secrets/origin.ts';
import { fault } from '../src/features/signed-out/model.ts';
import { can, rolesToGive } from '../src/shell/permissions.ts';
import { creationOptions, requestOptions } from '../src/shell/passkeys.ts';

const DAY = 86_400_000;
const KEY: ApiKey = { id: 'k', name: 'n', prefix: 'wxk_', scopes: ['secrets:create'], networks: [], created_by: 'acc_a', created_at_ms: 0, expires_at_ms: 100 * DAY };

test('a key says when it wants attention', () => {
  expect(keyState(KEY, 0)).toBe('active');
  expect(keyState(KEY, 90 * DAY)).toBe('soon');
  expect(keyState(KEY, 100 * DAY)).toBe('expired');
});

test('a rotated key stays what it is, and says until when its old text works', () => {
  const rotated = { ...KEY, overlap_ends_at_ms: DAY };
  expect([overlapOf(rotated, 0), keyState(rotated, 0)]).toEqual([DAY, 'active']);
  expect([overlapOf(rotated, DAY), keyState(rotated, DAY)]).toEqual([null, 'active']);
  expect(overlapOf(KEY, 0)).toBeNull();
});

const DRAFT: Draft = { name: ' CI ', scopes: ['secrets:create'], days: '30', networks: '203.0.113.0/24, 2001:db8::/32\n198.51.100.7' };

test('a key’s form is what the server takes', () => {
  expect(check(DRAFT, 0)).toEqual({
    key: { name: 'CI', scopes: ['secrets:create'], expires_at_ms: 30 * DAY, networks: ['203.0.113.0/24', '2001:db8::/32', '198.51.100.7/32'] },
  });
});

test('every field that breaks a rule is named', () => {
  expect(check({ name: ' ', scopes: [], days: '30', networks: 'everywhere' }, 0)).toEqual({ faults: { name: true, scopes: true, networks: true } });
  expect(check({ ...DRAFT, networks: '10.0.0.1 '.repeat(33) }, 0)).toEqual({ faults: { networks: true } });
});

test('an auditor reads and changes nothing', () => {
  const auditor = { role: 'auditor' } as const;
  expect([can(auditor, 'audit.read'), can(auditor, 'keys.read'), can(auditor, 'members.read')]).toEqual([true, true, true]);
  expect([can(auditor, 'secrets.create'), can(auditor, 'secrets.burn'), can(auditor, 'keys.write')]).toEqual([false, false, false]);
});

test('who is confined to a domain sees the organization and has secrets there, and nothing else', () => {
  const confined = { role: 'member', domain: 'dom_1' } as const;
  expect([can(confined, 'secrets.create'), can(confined, 'organization.read')]).toEqual([true, true]);
  expect([can(confined, 'members.read'), can(confined, 'keys.read')]).toEqual([false, false]);
});

test('only an owner makes an owner', () => {
  expect(rolesToGive('admin')).not.toContain('owner');
  expect(rolesToGive('owner')).toContain('owner');
});

test('a password’s length is counted as the server counts it', () => {
  expect(fault({ password: '123456789' })).toEqual({ password: 'password-short' });
  expect(fault({ password: '𠮷'.repeat(10) })).toEqual({});
  expect(fault({ password: 'x'.repeat(257) })).toEqual({ password: 'password-long' });
  expect(fault({ name: ' ', email: 'nobody' })).toEqual({ name: 'name', email: 'email' });
});

test('a link’s origin is https, except below localhost', () => {
  const page = { protocol: 'http:', port: '8080' };
  expect(originOf('secrets.acme.example', page)).toBe('https://secrets.acme.example');
  expect(originOf('local.localhost', page)).toBe('http://local.localhost:8080');
  expect(originOf('notlocalhost', page)).toBe('https://notlocalhost');
});

/** What a field of the server's document may say. */
function saidBy(view: string): string[] {
  const document = JSON.parse(readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8')) as OpenApi;
  return document.components.schemas[view]?.properties['action']?.enum ?? [];
}

interface OpenApi {
  components: { schemas: Record<string, { properties: Record<string, { enum?: string[] }> }> };
}

test('every act that the server may tell of is known here', () => {
  expect([...ACTIONS].sort()).toEqual(saidBy('EventView').sort());
  expect([...EVENTS].sort()).toEqual(saidBy('AccountEventView').sort());
});

test('every act of the trail has a name in both languages', () => {
  for (const words of [organizationEn, organizationJa]) {
    expect(Object.keys(words).filter((key) => key.startsWith('action.')).sort()).toEqual(ACTIONS.map((action) => `action.${action}`).sort());
  }
});

test('everything that happens to an account has a name in both languages', () => {
  for (const words of [accountEn, accountJa]) {
    expect(Object.keys(words).filter((key) => key.startsWith('event.')).sort()).toEqual(EVENTS.map((event) => `event.${event}`).sort());
  }
});

test('in the history, who got in and who did not stand apart from what was changed', () => {
  expect(['signed_in.cli', 'sign_in.refused', 'held_back', 'totp.disabled', 'younger'].map((event) => sortOf(`account.${event}`)))
    .toEqual(['in', 'refused', 'refused', 'changed', 'changed']);
});

test('a day of the audit trail is a whole day', () => {
  expect(dayEnd('2026-11-22')! - dayStart('2026-11-22')!).toBe(DAY - 1);
  expect([dayStart(''), dayEnd('')]).toEqual([undefined, undefined]);
});

test('passkey options become bytes', () => {
  const credential = { id: 'AQID', type: 'public-key' as const };
  const asked = { challenge: '-_8', rpId: 'app.example', allowCredentials: [credential] };
  const { challenge, allowCredentials, rpId } = requestOptions({ ceremony: 'c', options: asked } as never);
  expect([[...(challenge as Uint8Array)], [...(allowCredentials![0]!.id as Uint8Array)], rpId]).toEqual([[251, 255], [1, 2, 3], 'app.example']);
  const made = creationOptions({ ceremony: 'c', options: { challenge: 'AA', user: { id: 'Ag', name: 'n', displayName: 'd' }, excludeCredentials: [credential] } } as never);
  expect([[...(made.user.id as Uint8Array)], made.excludeCredentials?.length]).toEqual([[2], 1]);
});
