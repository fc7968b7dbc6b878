import { format, langOf, type Lang, type Message, type Params } from '@waxseal/i18n';
import dnsEn from '@waxseal/i18n/locales/en/dns.json';
import problemsEn from '@waxseal/i18n/locales/en/problems.json';
import dnsJa from '@waxseal/i18n/locales/ja/dns.json';
import problemsJa from '@waxseal/i18n/locales/ja/problems.json';
import type {
  Account, AccountEvent, ApiKey, AuditEvent, Ceremony, CreateAnswer, DeviceLook, Invitation, InvitationLook, Member, MemberReceipt, Membership,
  NewApiKey, NoticesState, Organization, Page, Passkey, Role, SessionAnswer, SessionRow, SignInAnswer,
} from '../src/api/types.ts';
import { backAt, billing, invoices, preview, STANDS, usage } from './billing.ts';
import { detail, domains, history } from './domains.ts';

/** How the world is when a page is looked at. */
export const SCENARIOS = [
  ...['owner', 'auditor', 'confined', 'invited', 'linked', 'several', 'nowhere', 'empty', 'long', 'deleting'] as const,
  ...['guest', 'invited-only', 'elsewhere', 'wrong', 'held-back', 'weak'] as const,
  ...['loading', 'failed', 'offline', 'broken-off', 'ended', 'doubted', 'taken', 'refused'] as const,
  ...['self-hosted', 'unpaid-for', 'full', 'full-member', 'over', 'stopped', 'slow', ...STANDS] as const,
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** Who looks is not signed in. */
const GUESTS: readonly Scenario[] = ['guest', 'invited-only', 'elsewhere', 'wrong', 'held-back', 'weak'];
/** Whose account nothing but mailed links leads into. */
const BARE: readonly Scenario[] = ['empty', 'linked'];

/** The moment at which the gallery stands. */
export const NOW = Date.UTC(2026, 10, 22, 9, 30);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

const LONG = 'A Very Long Name Somebody Really Has, of the Department for Names That Do Not Fit Anywhere at All';
const LONG_JA = '株式会社とても長い名前の会社と関連会社情報システム統括部セキュリティー推進グループ';

function membership(scenario: Scenario): Membership {
  const role: Role = scenario === 'auditor' ? 'auditor' : scenario === 'confined' || scenario === 'full-member' ? 'member' : 'owner';
  const name = scenario === 'long' ? LONG_JA : 'Acme, Inc.';
  const more = { ...(scenario === 'deleting' && { deletion_due_at_ms: NOW + 5 * DAY }), ...(scenario === 'confined' && { domain: 'dom_2' }) };
  return { id: 'ten_acme', slug: 'acme', name, role, ...more };
}

function account(scenario: Scenario): Account {
  const bare = BARE.includes(scenario);
  const several: Membership[] = [{ id: 'ten_nord', slug: 'nordwind', name: 'Nordwind GmbH', role: 'member', domain: 'dom_9' }, { id: 'ten_aoba', slug: 'aoba', name: '青葉製作所', role: 'auditor' }];
  return {
    id: 'acc_aiko', name: scenario === 'long' ? LONG : 'Aiko Tanaka', email: scenario === 'invited' ? look.email : 'aiko.tanaka@acme.example', lang: 'en',
    has_password: scenario !== 'linked', totp: !bare, recovery_codes_left: bare ? 0 : 3, passkeys: bare ? 0 : 2,
    organizations: scenario === 'nowhere' ? [] : [membership(scenario), ...(scenario === 'several' ? several : [])],
  };
}

const session = (scenario: Scenario, signedIn: boolean): SessionAnswer => ({
  signed_in: signedIn, csrf: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', sign_up: scenario === 'invited-only' ? 'invited' : 'open',
  // The servers of the auditor and of those who are invited have no passkeys.
  passkeys: scenario !== 'invited-only' && scenario !== 'auditor',
  billing: scenario !== 'self-hosted',
});

const PERMISSIONS: Organization['permissions'] = ['organization.read', 'members.read', 'secrets.create', 'secrets.read'];

const organization = (scenario: Scenario): Organization => ({
  ...membership(scenario), created_at_ms: NOW - 200 * DAY, permissions: PERMISSIONS,
  domains: scenario === 'empty' ? [] : [{ id: 'dom_1', host: 'secrets.acme.example' }, { id: 'dom_2', host: 'hr.acme.example' }],
});

function members(scenario: Scenario): Page<Member> {
  const me: Member = { account: 'acc_aiko', name: account(scenario).name, email: 'aiko.tanaka@acme.example', role: membership(scenario).role, joined_at_ms: NOW - 200 * DAY, last_seen_at_ms: NOW - MINUTE, second_factor: true };
  if (scenario === 'empty') return { items: [{ ...me, second_factor: false }] };
  return {
    items: [
      me,
      { account: 'acc_ben', name: 'Ben Okafor', email: 'ben@acme.example', role: 'admin', joined_at_ms: NOW - 90 * DAY, last_seen_at_ms: NOW - 3 * HOUR, second_factor: true },
      { account: 'acc_sato', name: '佐藤 健太', email: 'kenta.sato@acme.example', role: 'member', domain: 'dom_2', joined_at_ms: NOW - 30 * DAY, last_seen_at_ms: NOW - 2 * DAY, second_factor: false },
      { account: 'acc_mia', name: scenario === 'long' ? LONG : 'Mia Lindqvist', email: scenario === 'long' ? `${'very-long-address-'.repeat(4)}@subdomain.department.acme.example` : 'mia@auditors.example', role: 'auditor', joined_at_ms: NOW - 4 * DAY, second_factor: true },
    ],
    next: 'more',
  };
}

const invitations = (scenario: Scenario): Page<Invitation> => ({
  items: scenario === 'empty' ? [] : [{ id: 'inv_1', email: 'noor@acme.example', role: 'member', invited_by: 'acc_aiko', created_at_ms: NOW - DAY, expires_at_ms: NOW + 6 * DAY }],
});

const KEY: ApiKey = { id: 'key_1', name: 'Deployment pipeline', prefix: 'wxk_7Qm4', scopes: ['secrets:create'], networks: ['203.0.113.0/24'], created_by: 'acc_aiko', created_at_ms: NOW - 60 * DAY, expires_at_ms: NOW + 305 * DAY, last_used_at_ms: NOW - 4 * MINUTE };

const keys = (scenario: Scenario): Page<ApiKey> => ({
  items: scenario === 'empty' ? [] : [
    KEY,
    { ...KEY, id: 'key_2', name: scenario === 'long' ? LONG : 'Ticket system', prefix: 'wxk_pL0c', scopes: ['secrets:create', 'secrets:read', 'secrets:burn', 'audit:read'], expires_at_ms: NOW + 9 * DAY, networks: [] },
    { ...KEY, id: 'key_3', name: 'Old runner', prefix: 'wxk_c9Xa', overlap_ends_at_ms: NOW + 20 * HOUR, last_used_at_ms: NOW - HOUR },
    { id: 'key_4', name: 'Trial', prefix: 'wxk_Zz81', scopes: ['organization:read'], networks: [], created_by: 'acc_ben', created_at_ms: NOW - 400 * DAY, expires_at_ms: NOW - 35 * DAY },
  ],
});

/** A server may be younger than its page, and say words that the page does not know. */
const event = (n: number, at: number, action: string, actor: string | undefined, subject: string): AuditEvent => ({
  id: `evt_${n}`, at_ms: NOW - at, action: action as AuditEvent['action'], subject, network: '203.0.113.0/24', ...(actor && { actor }),
});

const audit = (scenario: Scenario): Page<AuditEvent> => ({
  items: scenario === 'empty' ? [] : [
    event(1, 4 * MINUTE, 'secret.created', 'key_1', 'h2Yx0pQmVf1'),
    event(2, 26 * MINUTE, 'secret.destroyed', undefined, '9rTq2bNcYw8'),
    event(3, 3 * HOUR, 'key.rotated', 'acc_ben', 'key_3'),
    event(4, 5 * HOUR, 'member.changed', scenario === 'long' ? 'acc_mia' : 'acc_aiko', 'acc_sato'),
    event(5, DAY, 'invitation.made', 'acc_aiko', 'inv_noor'),
    event(6, 2 * DAY, 'mail.bounced', undefined, 'evt_7Qm4tR2xW9'),
    event(7, 3 * DAY, 'something.younger', 'operator', 'ten_acme'),
  ],
  next: 'more',
});

const happened = (n: number, at: number, action: string, more: Partial<AccountEvent> = {}): AccountEvent => ({
  id: `evt_${n}`, at_ms: NOW - at, action: `account.${action}` as AccountEvent['action'], network: '203.0.113.0/24', device: 'Chrome on macOS', ...more,
});

const events = (scenario: Scenario, cursor: string | null): Page<AccountEvent> => {
  if (scenario === 'empty') return { items: [] };
  if (cursor) return { items: [happened(9, 80 * DAY, 'signed_in.password'), happened(10, 200 * DAY, 'created')] };
  const elsewhere = { network: '192.0.2.0/24', device: scenario === 'long' ? `${LONG} on Windows` : 'Firefox on Windows' };
  return {
    items: [
      happened(1, 4 * MINUTE, 'signed_in.passkey'),
      happened(2, 3 * HOUR, 'held_back', elsewhere),
      happened(3, 3 * HOUR + MINUTE, 'sign_in.refused', elsewhere),
      happened(4, DAY, 'passkey.added'),
      happened(5, 9 * DAY, 'signed_in.cli', { device: 'waxseal on build-7', network: '198.51.100.0/24' }),
      happened(6, 30 * DAY, 'recovery_codes.made'),
      happened(7, 30 * DAY + MINUTE, 'totp.enabled'),
      // Let in from a terminal: nobody's network, nobody's device. And a word that is younger than this page.
      { id: 'evt_8', at_ms: NOW - 60 * DAY, action: 'account.signed_in.recovery' },
      happened(11, 61 * DAY, 'something.younger'),
    ],
    next: 'more',
  };
};

function receipt(n: number, state: MemberReceipt['state'], more: Partial<MemberReceipt> = {}): MemberReceipt {
  const rid = ['h2Yx0pQmVf1', '9rTq2bNcYw8', 'Zk3LmPq0sTu', 'b7Vn5xWdEaR', 'Qy6JhGf2uIo', 'm1Bv8cXzLkA', 'T4eRw9qPoIu'][n] ?? 'x'.repeat(11);
  const past = ['destroyed', 'burned', 'expired'].includes(state);
  return {
    rid, state, kind: 'one_time', sealed: 'client', passphrase: n % 2 === 0, views: 1, views_left: state === 'destroyed' ? 0 : 1,
    created_at_ms: NOW - (n + 1) * 5 * HOUR, expires_at_ms: NOW + (7 - n) * DAY, kept_until_ms: NOW + 37 * DAY, ended_at_ms: past ? NOW - n * HOUR : null,
    openings: [], tries: { wrong: state === 'locked' ? 20 : 0 } as MemberReceipt['tries'], domain: 'dom_1', created_by: n % 3 === 1 ? 'key_1' : 'acc_aiko', ...more,
  };
}

const receipts = (scenario: Scenario): Page<MemberReceipt> => ({
  items: scenario === 'empty' ? [] : [
    receipt(0, 'ready'),
    receipt(1, 'destroyed'),
    receipt(2, 'ready', { views: 5, views_left: 3 }),
    receipt(3, 'bound', { kind: 'device_bound', domain: 'dom_2', views_left: 0, ...(scenario === 'long' && { created_by: 'acc_mia' }) }),
    receipt(4, 'locked'),
    receipt(5, 'burned'),
    receipt(6, 'expired'),
  ].filter(({ created_by }) => scenario !== 'confined' || created_by === 'acc_aiko'),
  next: 'more',
});

const passkeys = (scenario: Scenario): { items: Passkey[] } => ({
  items: BARE.includes(scenario) ? [] : [
    { id: 'pky_1', name: 'MacBook', created_at_ms: NOW - 80 * DAY, last_used_at_ms: NOW - 2 * HOUR },
    { id: 'pky_2', name: scenario === 'long' ? LONG : 'Security key on my ring', created_at_ms: NOW - 80 * DAY },
  ],
});

const sessions: { items: SessionRow[] } = {
  items: [
    { id: 'ses_1', current: true, kind: 'browser', device: 'Chrome on macOS', network: '203.0.113.0/24', created_at_ms: NOW - DAY, last_used_at_ms: NOW },
    { id: 'ses_2', current: false, kind: 'cli', device: 'waxseal on build-7', network: '198.51.100.0/24', created_at_ms: NOW - 9 * DAY, last_used_at_ms: NOW - 30 * MINUTE },
  ],
};

const look: InvitationLook = { organization: 'Acme, Inc.', inviter: 'Aiko Tanaka', role: 'member', email: 'noor@acme.example' };
const device: DeviceLook = { name: 'waxseal on build-7', network: '198.51.100.0/24', created_at_ms: NOW - MINUTE };
const secondFactor: SignInAnswer = { next: 'second-factor', methods: ['totp', 'recovery-code', 'passkey'] };
const newKey: NewApiKey = { ...KEY, id: 'key_9', key: 'wxk_7Qm4tR2xW9pL0cVb6nYh3sKd8fGjZa1uXe5Tq0' };
const created: CreateAnswer = { id: 'AAAAAAAAAAAAAAAAAAAAAA', rid: 'AAAAAAAAAAAAAAAAAAAAAA', created_at_ms: NOW, expires_at_ms: NOW + 7 * DAY } as never;
const ceremony: Ceremony = { ceremony: 'c', options: { challenge: 'AA', user: { id: 'AA', name: '', displayName: '' } } as never };
const recovery = { recovery_codes: ['7Q4M-TR2X', 'W9PL-0CVB', '6NYH-3SKD', '8FGJ-ZA1U', 'XE5T-Q07Q', 'M4TR-2XW9', 'PL0C-VB6N', 'YH3S-KD8F', 'GJZA-1UXE', '5TQ0-HH2K'] };

const notices = (scenario: Scenario): NoticesState => ({ sent: scenario !== 'empty' });

type Answer = (scenario: Scenario, cursor: string | null, domain: string) => unknown;

/** Every route that a page asks for; the path's own ids do not matter here. */
const ROUTES: Readonly<Record<string, Answer>> = {
  'GET /v1/account': account,
  'GET /v1/organizations/*': organization,
  'GET /v1/organizations/*/members': members,
  'GET /v1/organizations/*/invitations': invitations,
  'GET /v1/organizations/*/keys': keys,
  'GET /v1/organizations/*/audit': audit,
  'GET /v1/organizations/*/secrets': receipts,
  'GET /v1/organizations/*/domains': domains,
  'POST /v1/organizations/*/domains': () => detail('dom_new'),
  'GET /v1/organizations/*/domains/*': (_scenario, _cursor, domain) => detail(domain),
  'GET /v1/organizations/*/domains/*/history': history,
  'POST /v1/organizations/*/domains/*/check': (_scenario, _cursor, domain) => detail(domain),
  'POST /v1/organizations/*/domains/*/connect': (_scenario, _cursor, domain) => ({ provider: 'Virtucon Domains', host: 'www.virtucon.example', url: 'https://www.virtucon.example/', state: 's', records: detail(domain).records }),
  'POST /v1/organizations/*/domains/*/contest': (_scenario, _cursor, domain) => detail(domain),
  'GET /v1/organizations/*/billing': (scenario) => billing(scenario),
  'POST /v1/organizations/*/billing/refresh': (scenario) => backAt(scenario),
  'POST /v1/organizations/*/billing/preview': () => preview,
  'POST /v1/organizations/*/billing/cancel': () => billing('ends'),
  'POST /v1/organizations/*/billing/resume': () => billing('owner'),
  'GET /v1/organizations/*/billing/invoices': invoices,
  'GET /v1/organizations/*/usage': usage,
  'GET /v1/account/passkeys': passkeys,
  'GET /v1/account/sessions': () => sessions,
  'GET /v1/account/events': events,
  'GET /v1/account/notices': notices,
  'PATCH /v1/account/notices': () => ({ sent: false }),
  'PATCH /v1/account': account,
  'POST /v1/account/address': () => ({}),
  'POST /v1/invitations/look': () => look,
  'POST /v1/device/look': () => device,
  'POST /v1/device/approve': () => ({}),
  'POST /v1/sign-in/password': () => secondFactor,
  'POST /v1/sign-in/passkey/start': () => ceremony,
  'POST /v1/sign-in/link': () => ({}),
  'POST /v1/sign-up': () => ({}),
  'POST /v1/sign-up/verify': (scenario) => ({ signed_in: scenario !== 'elsewhere' }),
  'POST /v1/account/passkeys/start': () => ceremony,
  'POST /v1/account/step-up/passkey/start': () => ceremony,
  'POST /v1/password/reset': () => ({}),
  'POST /v1/password/reset/finish': () => ({}),
  'POST /v1/account/step-up': () => ({ stepped_up_until: NOW + 10 * MINUTE }),
  'POST /v1/account/totp/start': () => ({ secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', uri: 'otpauth://totp/Waxseal:aiko.tanaka@acme.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Waxseal' }),
  'POST /v1/account/totp/finish': () => recovery,
  'POST /v1/account/recovery-codes': () => recovery,
  'POST /v1/organizations/*/keys': () => newKey,
  'POST /v1/organizations/*/keys/*/rotate': () => newKey,
  'POST /v1/organizations/*/secrets': () => created,
  'POST /v1/organizations/*/invitations': (scenario) => invitations(scenario).items[0] ?? {},
  'POST /v1/organizations/*/secrets/*/burn': () => receipt(0, 'burned'),
};

const PROBLEMS: Record<Lang, Readonly<Record<string, Message>>> = { en: problemsEn, ja: problemsJa };

interface Refused {
  status: number;
  /** As `problems.json` names it. */
  code: string;
  params?: Params;
  /** Which part of the form it is about. */
  field?: string;
  /** What a name breaks, as `dns.json` has it. */
  reason?: keyof typeof dnsEn;
  /** Everything that is wrong with a certificate. */
  faults?: readonly { code: string }[];
  /** What of the plan is reached. */
  meter?: string;
  max?: number;
}

/** In the reader's language, as the server says it. */
function problem({ status, code, params, field, reason, faults, meter, max }: Refused): Response {
  const lang = langOf(document.documentElement.lang);
  const because = { ...params, ...(reason && { reason: { en: dnsEn, ja: dnsJa }[lang][reason] }) };
  const say = (part: string) => format(lang, PROBLEMS[lang][`${code}.${part}`] ?? code, because);
  const short = code.split('.')[0];
  const body = { type: `urn:waxseal:problem:${short}`, title: say('title'), status, detail: say('detail'), code: short, ...(field && { field }), ...(faults && { faults }), ...(meter && { meter, max }) };
  const headers = { 'Content-Type': 'application/problem+json', 'X-Request-Id': 'req_01JD4Z8Q', ...(status === 429 && { 'Retry-After': '60' }), ...(short === 'payments-unavailable' && { 'Retry-After': '30' }) };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Everything that the plan has is used up. */
const FULL: readonly (readonly [RegExp, Refused])[] = [
  [/^POST.*secrets$/, { status: 403, code: 'plan-limit', meter: 'secrets', max: 25 }],
  [/^POST.*domains$/, { status: 403, code: 'plan-limit', meter: 'domains', max: 1 }],
  [/^POST.*invitations$/, { status: 403, code: 'plan-limit', meter: 'members', max: 3 }],
  [/^POST.*keys$/, { status: 403, code: 'plan-limit', meter: 'keys', max: 1 }],
];

/** What is refused in a world, and how. Who one is, everybody is told. */
const REFUSED: Partial<Record<Scenario, readonly (readonly [asked: RegExp, refused: Refused])[]>> = {
  ended: [[/./, { status: 401, code: 'signed-out' }]],
  failed: [[/./, { status: 500, code: 'internal', params: { request: 'req_01JD4Z8Q' } }]],
  doubted: [
    [/step-up$/, { status: 401, code: 'sign-in' }],
    [/^(?!GET|.*passkey\/start)/, { status: 403, code: 'step-up' }],
  ],
  linked: [[/^(?!GET)/, { status: 403, code: 'step-up' }]],
  elsewhere: [[/link\/finish$/, { status: 403, code: 'other-device' }]],
  wrong: [
    [/second-factor$/, { status: 401, code: 'second-factor' }],
    [/sign-in\/password$/, { status: 401, code: 'sign-in' }],
  ],
  'held-back': [[/^POST/, { status: 429, code: 'held-back', params: { count: 60 } }]],
  weak: [[/^POST (?!.*invitations\/look)/, { status: 422, code: 'weak-password', field: 'password' }]],
  refused: [
    [/^POST.*domains$/, { status: 422, code: 'invalid.host', field: 'host', reason: 'host.public-suffix' }],
    [/^PUT/, { status: 422, code: 'invalid.certificate', field: 'chain', faults: [{ code: 'key-mismatch' }, { code: 'out-of-order' }] }],
  ],
  'unpaid-for': [[/^POST.*billing/, { status: 503, code: 'payments-unavailable' }]],
  free: [[/^POST.*checkout$/, { status: 503, code: 'payments-unavailable' }]],
  full: FULL,
  'full-member': FULL,
  over: [[/^POST.*secrets$/, { status: 403, code: 'plan-limit', meter: 'domains', max: 1 }]],
  stopped: [[/^POST/, { status: 403, code: 'organization-limited' }]],
  taken: [
    [/^POST.*invitations$/, { status: 409, code: 'conflict.member', field: 'email' }],
    [/device\/look$/, { status: 404, code: 'not-available.code' }],
    [/^(PATCH|DELETE)/, { status: 409, code: 'conflict.slug', field: 'slug' }],
  ],
};

/** A server that knows one world. */
export function fakeFetch(scenario: Scenario): typeof fetch {
  return (input, init) => {
    const { pathname, searchParams } = new URL(String(input), location.origin);
    const method = init?.method ?? 'GET';
    const json = (body: unknown) => Promise.resolve(new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } }));
    if (pathname === '/v1/session') return scenario === 'offline' ? Promise.reject(new TypeError('offline')) : json(session(scenario, !GUESTS.includes(scenario)));
    const pattern = `${method} ${pathname.replace(/\/(organizations|keys|secrets|invitations|domains)\/(?!look)[\w-]+/g, '/$1/*')}`;
    if (pattern === 'GET /v1/account') return json(account(scenario));
    if (scenario === 'loading') return new Promise(() => {});
    // In one world, the first part of a list comes and the rest does not.
    if (scenario === 'broken-off' && searchParams.has('cursor')) return Promise.reject(new TypeError('offline'));
    const refused = REFUSED[scenario]?.find(([asked]) => asked.test(pattern));
    const known = ROUTES[pattern];
    if (!refused && known) return json(known(scenario, searchParams.get('cursor'), /\/domains\/(\w+)/.exec(pathname)?.[1] ?? ''));
    return Promise.resolve(problem(refused?.[1] ?? { status: 404, code: 'not-available' }));
  };
}

/** A stream in which nothing happens. */
export const quietEvents = (): EventSource => Object.assign(new EventTarget(), { close: () => {} }) as unknown as EventSource;

/** A device that could keep a passkey, of somebody who turns away from each question. */
export function shyDevice(): void {
  const declined = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  Object.defineProperty(navigator, 'credentials', { value: { create: declined, get: declined } });
  const [yes, no] = [() => Promise.resolve(true), () => Promise.resolve(false)];
  Object.assign(PublicKeyCredential, { isUserVerifyingPlatformAuthenticatorAvailable: yes, isConditionalMediationAvailable: no });
}
