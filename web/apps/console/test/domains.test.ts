import certificateEn from '@waxseal/i18n/locales/en/certificate.json';
import dnsEn from '@waxseal/i18n/locales/en/dns.json';
import { expect, test } from 'vitest';
import type { Change, DnsRecord, Domain, DomainDetail, DomainSettings, Report } from '../src/api/domains.ts';
import { asciiOf, editsOf, heardOf, hostOf, offeredBy, pollOf, reasonOf, sightOf, standing, stepsOf, waysOf, zoneOf } from '../src/features/domains/domains.ts';
import { draftOf, settingsOf } from '../src/features/domains/rules.ts';
import { adviceOf, causeOf, foundOf, hintOf, placeOf } from '../src/features/domains/words.ts';
import type { Words } from '../src/shell/words.svelte.ts';

const point: DnsRecord = { purpose: 'point', type: 'CNAME', name: 's.acme.example', relative: 's', value: 'k.edge.example' };
const prove: DnsRecord = { purpose: 'prove', type: 'TXT', name: '_waxseal-challenge.s.acme.example', relative: '_waxseal-challenge.s', value: 'waxseal-domain=t' };
const DOMAIN: DomainDetail = {
  id: 'd', host: 's.acme.example', unicode: 's.acme.example', created_at_ms: 0, transport: 'acme', ownership: 'verified', ownership_since_ms: 0, pointing: 'pointing',
  certificate: 'active', gate: 'open', service: 'full', records: [point, prove], edges: { applied: 3, alive: 3 }, live_secrets: 0, connects: false,
  settings: { home: 'create', creators: 'everyone', defaults: {}, limits: { passphrase_required: false }, shows_member: false },
};
const REPORT: Report = { verdict: 'ready', actor: 'nobody', code: null, records: [], servers: [], caches_clear_at_ms: null, checked_at_ms: 0, findings: [], hints: [], provider: null, proof: {}, lock: {}, caa: {}, pointing: 'pointing' };
const unserved: Partial<DomainDetail> = { service: undefined, certificate: 'none' };
const pending: Partial<DomainDetail> = { ...unserved, ownership: 'pending', pointing: 'unknown' };

test.each<[string, Partial<DomainDetail>, string]>([
  ['served', {}, 'ready nobody ready'],
  ['served, and a warning', { report: REPORT }, 'ready nobody ready'],
  ['served, with an address that is not ours', { report: { ...REPORT, verdict: 'act', actor: 'tenant' } }, 'act tenant records'],
  ['new', pending, 'act tenant records'],
  ['new, and on some servers', { ...pending, pointing: 'partial' }, 'wait nobody dns'],
  ['new, and its servers fail', { ...pending, pointing: 'unreachable' }, 'act dns-provider provider'],
  ['new, with a report', { ...pending, report: { ...REPORT, verdict: 'act', actor: 'us' } }, 'act us ours'],
  ['new, proved a moment ago', { ...pending, report: REPORT }, 'wait nobody dns'],
  ['turned down', { ...pending, ownership_until_ms: 9 }, 'wait nobody turned-down'],
  ['proved, and elsewhere', { ...unserved, pointing: 'elsewhere' }, 'act tenant point'],
  ['proved, where nobody is asked for certificates', { ...unserved, report: { ...REPORT, findings: [{ code: 'caa-open', check: 'caa', severity: 'note', actor: 'nobody', params: { authority: '' } }] } }, 'act us unordered'],
  ['proved', { ...unserved, certificate: 'ordering' }, 'wait issuer certificate'],
  ['refused for a while', { ...unserved, certificate: 'backoff' }, 'wait issuer certificate-again'],
  ['refused for good', { ...unserved, certificate: 'blocked', order: { issuer: 'i', phase: 'blocked', queued_at_ms: 0, trouble: { code: 'c', actor: 'us', at_ms: 0, detail: '' } } }, 'act us certificate-failed'],
  ['renewed badly, and served still', { certificate: 'backoff' }, 'ready nobody ready'],
  ['contested', { ownership: 'contested' }, 'act tenant contested'],
  ['held', { ownership: 'held', service: 'held' }, 'act tenant held'],
  ['suspended, whatever else', { ownership: 'held', gate: 'suspended' }, 'act us suspended'],
])('a domain that is %s says what comes next', (_, more, expected) => {
  expect(Object.values(standing({ ...DOMAIN, ...more })).join(' ')).toBe(expected);
});

test('a list, which has no reports, says the same of what is ready and of what waits', () => {
  const row: Domain = { ...DOMAIN };
  expect(standing(row)).toEqual(standing({ ...DOMAIN, report: REPORT }));
});

test('a page asks again until a domain is ready, and no longer', () => {
  expect(pollOf(standing(DOMAIN))).toBeNull();
  expect(pollOf(standing({ ...DOMAIN, ...unserved, certificate: 'ordering' }))).toBeLessThan(pollOf(standing({ ...DOMAIN, ...pending }), REPORT)!);
  expect(pollOf(standing({ ...DOMAIN, ...pending })), 'the first look is a matter of seconds').toBeLessThan(pollOf(standing({ ...DOMAIN, ...pending }), REPORT)!);
});

test('one CNAME record is enough where there can be one; a wildcard and a zone’s top need all records', () => {
  expect(waysOf(DOMAIN)).toEqual([{ way: 'cname', records: [point] }, { way: 'txt', records: [prove] }]);
  expect(waysOf({ ...DOMAIN, host: '*.acme.example' })).toEqual([{ way: 'all', records: [point, prove] }]);
  const top: DnsRecord[] = [{ ...point, type: 'A', value: '192.0.2.1' }, prove];
  expect(waysOf({ host: 'acme.example', records: top })).toEqual([{ way: 'all', records: top }]);
  expect(waysOf({ host: 'a.localhost', records: [] })).toEqual([]);
});

test('what is there already is edited; what is only to be added is among the records', () => {
  const add: Change = { do: 'add', type: 'CNAME', name: 's.acme.example', relative: 's', to: 'k.edge.example' };
  const of = (...records: Change[]) => editsOf({ ...DOMAIN, ...pending, report: { ...REPORT, verdict: 'act', records } });
  expect(of(add)).toEqual([]);
  expect(of(add, { ...add, do: 'delete', from: 'x' })).toHaveLength(2);
  expect(editsOf({ ...DOMAIN, report: { ...REPORT, records: [add] } })).toEqual([]);
});

test('the steps to a link that opens are done one after the other', () => {
  const states = (more: Partial<DomainDetail>) => stepsOf({ ...DOMAIN, ...more }).map(({ state }) => state);
  expect(states(pending)).toEqual(['now', 'later', 'later']);
  expect(states({ ...unserved })).toEqual(['done', 'now', 'later']);
  expect(states({ edges: { applied: 2, alive: 3 } })).toEqual(['done', 'done', 'now']);
  expect(states({})).toEqual(['done', 'done', 'done']);
  expect(states({ edges: { applied: 0, alive: 0 } })).toEqual(['done', 'done', 'now']);
});

test('a host is taken out of an address, and shown as the DNS has it', () => {
  expect(hostOf(' https://secrets.acme.example/new?x#y ')).toBe('secrets.acme.example');
  expect([asciiOf('テスト.example'), asciiOf('*.テスト.example'), asciiOf('plain.example'), asciiOf('テ スト')]).toEqual(['xn--zckzah.example', '*.xn--zckzah.example', null, null]);
});

test('what a server said is one line', () => {
  const ns = { name: 'ns1' };
  expect(heardOf({ ...ns, alias: { state: 'alias', target: 'x.example' } })).toBe('x.example');
  expect(heardOf({ ...ns, v4: { state: 'records', records: ['192.0.2.1'] }, v6: { state: 'records', records: ['2001:db8::1'] } })).toBe('192.0.2.1, 2001:db8::1');
  expect(heardOf({ ...ns, alias: { state: 'failed', fault: 'timeout' } })).toBe('timeout');
  expect(heardOf({ ...ns, alias: { state: 'no-data' } })).toBe('');
});

test('settings go to the form and back', () => {
  const full: DomainSettings = { home: 'closed', creators: 'members', defaults: { lifetime_s: 3_600, views: 2, kind: 'one_time' }, limits: { max_lifetime_s: 86_400, max_views: 5, kinds: ['one_time'], passphrase_required: true }, shows_member: true };
  expect(settingsOf(draftOf(full))).toEqual(full);
  expect(settingsOf(draftOf(DOMAIN.settings))).toEqual(DOMAIN.settings);
});

const under = (area: string, words: Record<string, string>) => Object.entries(words).map(([key, text]) => [`${area}.${key}`, text]);
const WORDS = Object.fromEntries([...under('dns', dnsEn), ...under('certificate', certificateEn)]) as Record<string, string>;
const words = {
  has: (key: string) => key in WORDS,
  t: (key: string, params: Record<string, string> = {}) => WORDS[key]!.replace(/\{(\w+)\}/g, (place, name: string) => params[name] ?? place),
  named: (kind: string, word: string) => WORDS[`${kind}.${word}`] ?? word,
} as unknown as Words;

test('a finding is said with its values; a fault has words of its own', () => {
  expect(foundOf(words, { code: 'server-fails', params: { server: 'ns1', fault: 'timeout' } })).toBe('The name server ns1 is no help: no answer in time.');
  expect(adviceOf(words, { code: 'points-here' })).toBeNull();
  expect([foundOf(words, { code: 'younger' }), adviceOf(words, { code: 'younger' })]).toEqual(['younger', null]);
});

test('the history says why without values, or with the code', () => {
  expect(causeOf(words, 'no-record')).toBe('The domain leads nowhere yet.');
  expect(causeOf(words, 'points-elsewhere')).toBe('points-elsewhere');
  expect(causeOf(words, 'issuer-slow')).toBe('The certificate authority does not answer in time.');
});

test('a record is seen on as many servers as show it', () => {
  const server = (value: string, answer: 'cname' | 'failed' = 'cname') => ({ name: 'n', address: null, answer, value, ttl_s: 1 });
  const report = { ...REPORT, servers: [server('K.edge.example'), server('old.example'), server('timeout', 'failed')] };
  expect(sightOf(point, report)).toEqual({ on: 1, all: 3 });
  expect(sightOf({ ...point, type: 'A', value: '192.0.2.1' }, { ...REPORT, servers: [server('192.0.2.9, 192.0.2.1')] })).toEqual({ on: 1, all: 1 });
  for (const unseen of [sightOf(prove, report), sightOf(point, undefined), sightOf(point, REPORT)]) expect(unseen).toBeNull();
});

test('records are copied as a zone file has them', () => {
  expect(zoneOf([point, prove])).toBe('s.acme.example. 300 IN CNAME k.edge.example.\n_waxseal-challenge.s.acme.example. 300 IN TXT "waxseal-domain=t"');
});

test('what is in the way is said where somebody has to act, and what would only be better is offered with it', () => {
  const change: Change = { do: 'add', type: 'CAA', name: 'acme.example', relative: '@', to: '0 issue "ca.example"' };
  const finding = { code: 'points-elsewhere', check: 'pointing', severity: 'wrong', actor: 'tenant', changes: [change] } as const;
  const report: Report = { ...REPORT, verdict: 'act', actor: 'tenant', code: 'points-elsewhere', findings: [{ ...finding, changes: [change] }] };
  const stands = standing({ ...DOMAIN, report });
  expect(reasonOf(stands, report)?.code).toBe('points-elsewhere');
  expect(reasonOf(standing(DOMAIN), report)).toBeUndefined();
  expect(offeredBy(report.findings[0]!, report)).toEqual([change]);
  expect(offeredBy(report.findings[0]!, { ...report, records: [change] })).toEqual([]);
});

test('whoever runs the name servers is named, with where their records are, if that is known', () => {
  const said: [string, unknown][] = [];
  const asked = { has: (key: string) => key === 'provider.cloudflare', t: (key: string, values?: unknown) => (said.push([key, values]), key) } as unknown as Words;
  const provider = { id: 'cloudflare', name: 'Cloudflare', alias: null, proxies: true };
  expect(placeOf(asked, { ...REPORT, provider })).toBe('provider.at provider.cloudflare');
  expect(placeOf(asked, { ...REPORT, provider: { ...provider, id: 'younger' } })).toBe('provider.at');
  const server = { name: 'ns1.acme.example', address: null, answer: 'no-name', value: '', ttl_s: null } as const;
  expect(placeOf(asked, { ...REPORT, servers: [server, server] })).toBe('provider.unknown');
  expect(said.at(-1)?.[1]).toEqual({ servers: 'ns1.acme.example' });
  expect([placeOf(asked, undefined), placeOf(asked, REPORT)]).toEqual([null, null]);
  expect(hintOf(asked, { code: 'younger' })).toBe('younger');
});
