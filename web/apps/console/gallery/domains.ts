import type { Change, DnsRecord, Domain, DomainDetail, DomainEvent, Finding, Report, ServerAnswer } from '../src/api/domains.ts';
import type { Page } from '../src/api/types.ts';

const NOW = Date.UTC(2026, 10, 22, 9, 30);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const TARGET = 'k3v7qm2xw9pl0cvb6nyh3skd8q.edge.waxseal.example';
const TOKEN = 'waxseal-domain=7qm4tr2xw9pl2cvb6nyh3skdafgjza5u';
const OLD = 'shops.old-host.example.net';

const recordsOf = (relative: string): DnsRecord[] => [
  { purpose: 'point', type: 'CNAME', name: `${relative}.acme.example`, relative, value: TARGET },
  { purpose: 'prove', type: 'TXT', name: `_waxseal-challenge.${relative}.acme.example`, relative: `_waxseal-challenge.${relative}`, value: TOKEN },
];

const server = (n: number, more: Partial<ServerAnswer>): ServerAnswer => ({ name: `ns${n}.provider.example`, address: `192.0.2.${n}`, answer: 'cname', value: TARGET, ttl_s: 300, ...more });
const found = (code: string, check: Finding['check'], severity: Finding['severity'], more: Partial<Finding> = {}): Finding => ({ code, check, severity, actor: 'nobody', ...more });

const report = (more: Partial<Report>): Report => ({
  verdict: 'ready', actor: 'nobody', code: null, records: [], servers: [server(1, {}), server(2, {})], caches_clear_at_ms: null, checked_at_ms: NOW - 4 * MINUTE,
  findings: [found('points-here', 'pointing', 'good'), found('proven-cname', 'ownership', 'good'), found('dnssec-unsigned', 'dnssec', 'good', { params: { zone: 'acme.example' } })],
  hints: [], provider: null, proof: {}, lock: {}, caa: {}, pointing: 'pointing', ...more,
});

const READY: DomainDetail = {
  id: 'dom_ready', host: 'secrets.acme.example', unicode: 'secrets.acme.example', created_at_ms: NOW - 200 * DAY, transport: 'acme',
  ownership: 'verified', ownership_since_ms: NOW - 200 * DAY, pointing: 'pointing', certificate: 'active', certificate_until_ms: NOW + 52 * DAY, gate: 'open', service: 'full',
  records: recordsOf('secrets'), checked_at_ms: NOW - 4 * HOUR, next_check_at_ms: NOW + 20 * HOUR, report: report({}),
  in_use: { issuer: "Let's Encrypt E7", names: ['secrets.acme.example'], not_before_ms: NOW - 38 * DAY, not_after_ms: NOW + 52 * DAY, brought: false, rsa: false },
  order: { issuer: 'letsencrypt', phase: 'active', queued_at_ms: NOW - 38 * DAY, renew_at_ms: NOW + 22 * DAY },
  edges: { applied: 3, alive: 3 }, settings: { home: 'create', creators: 'everyone', defaults: {}, limits: { passphrase_required: false }, shows_member: false }, live_secrets: 214, connects: false,
};

/** A domain that differs from one that is ready. What it does not have yet is left out, as the server does. */
function domain(relative: string, more: Partial<DomainDetail>): DomainDetail {
  const host = `${relative}.acme.example`;
  return { ...READY, id: `dom_${relative}`, host, unicode: host, records: recordsOf(relative), live_secrets: 0, ...more };
}

const none = { service: undefined, in_use: undefined, order: undefined, certificate_until_ms: undefined };
const NEW = { ...none, ownership: 'pending', pointing: 'unknown', certificate: 'none', ownership_since_ms: NOW - MINUTE, created_at_ms: NOW - MINUTE } as const;
const edit: Change = { do: 'change', type: 'CNAME', name: 'elsewhere.acme.example', relative: 'elsewhere', from: OLD, to: TARGET };
const wrong = { answer: 'cname', value: OLD, ttl_s: 3_600 } as const;

const DOMAINS: readonly DomainDetail[] = [
  READY,
  domain('new', { ...NEW, report: undefined, checked_at_ms: undefined, next_check_at_ms: NOW + 20_000, edges: { applied: 3, alive: 3 } }),
  domain('elsewhere', {
    ...NEW, pointing: 'elsewhere', checked_at_ms: NOW - MINUTE, next_check_at_ms: NOW + MINUTE,
    report: report({
      verdict: 'act', actor: 'tenant', code: 'points-elsewhere', provider: { id: 'cloudflare', name: 'Cloudflare', alias: 'CNAME', proxies: true }, records: [edit, { ...edit, do: 'delete', type: 'AAAA', from: '2001:db8::5', to: null }], caches_clear_at_ms: NOW + 33 * MINUTE,
      servers: [server(1, wrong), server(2, wrong), server(3, { answer: 'failed', value: 'timeout', ttl_s: null })],
      findings: [
        found('points-elsewhere', 'pointing', 'wrong', { actor: 'tenant', params: { found: OLD }, changes: [edit], until_ms: NOW + 33 * MINUTE }),
        found('server-fails', 'zone', 'warning', { actor: 'dns-provider', params: { server: 'ns3.provider.example', fault: 'timeout' } }),
        found('caa-open', 'caa', 'note', { params: { authority: 'letsencrypt.org' }, changes: [{ do: 'add', type: 'CAA', name: 'elsewhere.acme.example', relative: 'elsewhere', to: '0 issue "letsencrypt.org; accounturi=https://acme-v02.api.letsencrypt.org/acme/acct/1"' }] }),
      ],
      hints: [{ code: 'relative', zone: 'acme.example', relative: 'elsewhere' }, { code: 'proxy', provider: 'Cloudflare' }],
    }),
  }),
  domain('ordering', { ...none, certificate: 'ordering', edges: { applied: 2, alive: 3 }, ownership_since_ms: NOW - 2 * MINUTE, order: { issuer: 'letsencrypt', phase: 'validating', queued_at_ms: NOW - MINUTE, next_at_ms: NOW + MINUTE, estimate_ms: NOW + MINUTE } }),
  domain('refused', { ...none, certificate: 'blocked', order: { issuer: 'letsencrypt', phase: 'blocked', queued_at_ms: NOW - HOUR, trouble: { code: 'caa-forbids', actor: 'tenant', at_ms: NOW - 30 * MINUTE, detail: 'CAA record for acme.example prevents issuance' } } }),
  domain('held', { ownership: 'held', ownership_since_ms: NOW - 5 * HOUR, ownership_until_ms: NOW + 67 * HOUR, pointing: 'elsewhere', service: 'held', live_secrets: 31, report: report({ verdict: 'act', actor: 'tenant', code: 'points-elsewhere', records: [{ ...edit, name: 'held.acme.example', relative: 'held' }], servers: [server(1, wrong), server(2, wrong)], findings: [found('points-elsewhere', 'pointing', 'wrong', { actor: 'tenant', params: { found: OLD } })], caches_clear_at_ms: NOW + 33 * MINUTE }) }),
  domain('contested', { ownership: 'contested', ownership_since_ms: NOW - 2 * HOUR, ownership_until_ms: NOW + 70 * HOUR, live_secrets: 12 }),
  domain('own', {
    transport: 'own', in_use: { issuer: 'Acme Internal CA', names: ['own.acme.example', 'vault.acme.example'], not_before_ms: NOW - 300 * DAY, not_after_ms: NOW + 13 * DAY, brought: true, rsa: true }, order: undefined, certificate_until_ms: NOW + 13 * DAY,
    settings: { home: 'closed', creators: 'members', defaults: { lifetime_s: 604_800, views: 1, kind: 'one_time' }, limits: { max_lifetime_s: 2_592_000, max_views: 5, kinds: ['one_time'], passphrase_required: true }, shows_member: true },
  }),
  { ...domain('idn', { ...NEW, report: report({ verdict: 'wait', code: 'pointing-partial', findings: [found('pointing-partial', 'pointing', 'wait'), found('proof-partial', 'ownership', 'wait', { params: { showing: '1', heard: '2' } })], servers: [server(1, {}), server(2, { answer: 'no-name', value: '', ttl_s: 900 })], caches_clear_at_ms: NOW + 15 * MINUTE }) }), host: 'xn--zckzah.acme.example', unicode: 'テスト.acme.example' },
];

export const domains = (scenario: string): Page<Domain> => ({ items: scenario === 'empty' ? [] : DOMAINS.filter(({ id }) => scenario !== 'confined' || id === 'dom_held') });

/** `dom_2` has rules for whoever shares there. */
export const detail = (id: string): DomainDetail => DOMAINS.find((domain) => domain.id === (id === 'dom_2' ? 'dom_own' : id)) ?? READY;

export const history = (scenario: string, cursor: string | null): Page<DomainEvent> => {
  if (scenario === 'empty') return { items: [] };
  if (cursor) return { items: [{ id: 'evt_9', at_ms: NOW - 200 * DAY, axis: 'ownership', from: 'pending', to: 'verified', code: 'proven-cname' }] };
  const alias = { state: 'alias', target: OLD };
  return {
    items: [
      { id: 'evt_1', at_ms: NOW - 3 * HOUR, axis: 'ownership', from: 'held', to: 'verified', code: 'points-here', evidence: { servers: [{ name: 'ns1.provider.example', address: '192.0.2.1', alias: { state: 'alias', target: TARGET } }, { name: 'ns2.provider.example', fault: 'timeout' }] } },
      { id: 'evt_2', at_ms: NOW - 8 * HOUR, axis: 'ownership', from: 'verified', to: 'held', code: 'points-elsewhere', evidence: { servers: [{ name: 'ns1.provider.example', alias }] } },
      { id: 'evt_3', at_ms: NOW - 38 * DAY, axis: 'certificate', from: 'renewing', to: 'active' },
      { id: 'evt_4', at_ms: NOW - 60 * DAY, axis: 'gate', from: 'suspended', to: 'open', actor: 'acc_aiko' },
    ],
    next: 'more',
  };
};
