import type { Actor, Change, DnsRecord, Domain, DomainDetail, Finding, Gate, Ownership, Report, ServerSeen, Verdict } from '../../api/domains.ts';

/** What comes next, as `domain.next.<word>` says it. */
export type Next =
  | 'ready' | 'suspended' | 'contested' | 'held' | 'grace' | 'lapsed' | 'turned-down'
  | 'records' | 'point' | 'provider' | 'ours' | 'dns' | 'unordered' | 'certificate' | 'certificate-again' | 'certificate-failed';

/** All that is known of a domain, in one word, with who must act. */
export interface Standing {
  verdict: Verdict;
  actor: Actor;
  next: Next;
}

type Known = Domain & Partial<Pick<DomainDetail, 'report' | 'order'>>;

const stand = (verdict: Verdict, actor: Actor, next: Next): Standing => ({ verdict, actor, next });

const GATES: Partial<Record<Gate, Standing>> = {
  suspended: stand('act', 'us', 'suspended'),
};

/** States that say by themselves what is to be done. */
const OWNERSHIPS: Partial<Record<Ownership, Standing>> = {
  contested: stand('act', 'tenant', 'contested'),
  held: stand('act', 'tenant', 'held'),
  grace: stand('act', 'tenant', 'grace'),
  lapsed: stand('act', 'tenant', 'lapsed'),
};

const READY = stand('ready', 'nobody', 'ready');
const WAIT = stand('wait', 'nobody', 'dns');

export function standing(domain: Known): Standing {
  return GATES[domain.gate] ?? OWNERSHIPS[domain.ownership] ?? (domain.ownership === 'pending' ? unproven(domain) : proven(domain));
}

function unproven({ report, pointing, ownership_until_ms }: Known): Standing {
  if (ownership_until_ms) return stand('wait', 'nobody', 'turned-down');
  if (report) return acting(report) ?? WAIT;
  if (pointing === 'pointing' || pointing === 'partial') return WAIT;
  return pointing === 'bogus' || pointing === 'unreachable' ? stand('act', 'dns-provider', 'provider') : stand('act', 'tenant', 'records');
}

function proven(domain: Known): Standing {
  const { report, service, certificate, order, pointing, transport } = domain;
  const acts = report && acting(report);
  if (acts) return acts;
  if (service === 'full') return READY;
  if (certificate === 'blocked' || certificate === 'expired') return stand('act', order?.trouble?.actor ?? 'tenant', 'certificate-failed');
  if (certificate === 'backoff') return stand('wait', 'issuer', 'certificate-again');
  if (transport === 'acme' && (pointing === 'elsewhere' || pointing === 'nxdomain')) return stand('act', 'tenant', 'point');
  if (transport === 'acme' && report && !asksAnybody(report)) return stand('act', 'us', 'unordered');
  return stand('wait', 'issuer', 'certificate');
}

/** Whether there is somebody to be asked for certificates: what is said of CAA records names them. */
export const asksAnybody = ({ findings }: Report): boolean => !findings.some(({ check, params }) => check === 'caa' && params?.['authority'] === '');

/** What a report wants done, if it wants something done. */
function acting({ verdict, actor }: Report): Standing | null {
  if (verdict !== 'act') return null;
  const next: Partial<Record<Actor, Next>> = { 'dns-provider': 'provider', us: 'ours' };
  return stand('act', actor, next[actor] ?? 'records');
}

/** What it comes down to, if the last look found something that is in the way. */
export const reasonOf = ({ verdict, next }: Standing, report?: Report | null): Finding | undefined =>
  verdict === 'ready' || next.startsWith('certificate') || next === 'suspended' ? undefined : report?.findings.find(({ code, severity }) => code === report.code && severity !== 'good');

/** The colour that repeats what the badge says. */
export const toneOf = ({ verdict, actor }: Standing): 'good' | 'accent' | 'warn' | 'bad' =>
  verdict === 'ready' ? 'good' : verdict === 'wait' ? 'accent' : actor === 'tenant' ? 'bad' : 'warn';

/** One way to prove the host, as records that all are to be set. */
export interface Way {
  way: 'cname' | 'txt' | 'all';
  records: readonly DnsRecord[];
}

/** A CNAME record points and proves at once, and a TXT record proves first; where a CNAME record cannot do both, all are needed. */
export function waysOf({ host, records }: Pick<Domain, 'host' | 'records'>): readonly Way[] {
  const of = (purpose: DnsRecord['purpose']) => records.filter((record) => record.purpose === purpose);
  const points = of('point');
  if (host.startsWith('*.') || !points.some(({ type }) => type === 'CNAME')) return records.length > 0 ? [{ way: 'all', records }] : [];
  return [{ way: 'cname', records: points }, { way: 'txt', records: of('prove') }];
}

/** Edits of what is there already. What is only to be added is among the domain's own records. */
export function editsOf({ report, ownership }: DomainDetail): readonly Change[] {
  const edits = report?.verdict === 'act' ? report.records : [];
  return ownership !== 'pending' || edits.some((edit) => edit.do !== 'add') ? edits : [];
}

/** On how many of the zone's servers a record that leads here is seen. Others are not told of server by server. */
export function sightOf({ purpose, value }: DnsRecord, report?: Report | null): { on: number; all: number } | null {
  if (purpose !== 'point' || !report || report.servers.length === 0) return null;
  const shows = (heard: string) => heard.split(', ').some((one) => one.toLowerCase() === value.toLowerCase());
  return { on: report.servers.filter((server) => shows(server.value)).length, all: report.servers.length };
}

/** Resolvers may keep a record that is just being set up for so long, in seconds. */
const TTL_S = 300;

/** Records as a zone file has them (RFC 1035 §5.1). */
export function zoneOf(records: readonly Pick<DnsRecord, 'type' | 'name' | 'value'>[]): string {
  const dataOf = ({ type, value }: Pick<DnsRecord, 'type' | 'value'>) => (type === 'CNAME' || type === 'ALIAS' ? `${value}.` : type === 'TXT' ? `"${value}"` : value);
  return records.map((record) => `${record.name}. ${TTL_S} IN ${record.type} ${dataOf(record)}`).join('\n');
}

/** What a finding would have changed beyond what is needed. */
export function offeredBy({ changes = [] }: Finding, report?: Report | null): readonly Change[] {
  const same = (one: Change, other: Change) => one.type === other.type && one.name === other.name && one.to === other.to;
  return changes.filter((change) => !report?.records.some((needed) => same(change, needed)));
}

export type StepState = 'done' | 'now' | 'later';

/** The way from a name to links that open. */
export function stepsOf({ ownership, service, edges }: DomainDetail): readonly { step: 'record' | 'certificate' | 'edges'; state: StepState }[] {
  const done = [ownership !== 'pending' && ownership !== 'lapsed', service === 'full', service === 'full' && edges.alive > 0 && edges.applied === edges.alive];
  const first = done.indexOf(false);
  const state = (at: number): StepState => (done[at] ? 'done' : at === first ? 'now' : 'later');
  return [{ step: 'record', state: state(0) }, { step: 'certificate', state: state(1) }, { step: 'edges', state: state(2) }];
}

/** Between two looks somebody asked for. */
export const HOLD_BACK_MS = 10_000;

/** How often a page asks what became of a domain; never once it is ready. The first look is a matter of seconds. */
export const pollOf = ({ verdict }: Standing, report?: Report | null): number | null => (verdict === 'ready' ? null : verdict === 'wait' || !report ? 4_000 : 10_000);

/** What one server said of the host, in a line: a name, addresses, or why not. */
export function heardOf({ alias, v4, v6, fault }: ServerSeen): string {
  const failed = fault ?? alias?.fault ?? v4?.fault;
  if (failed) return failed;
  return alias?.target ?? [...(v4?.records ?? []), ...(v6?.records ?? [])].join(', ');
}

/** The name as the DNS has it, if that differs from what is typed; null for none, or one that a browser cannot read either. */
export function asciiOf(typed: string): string | null {
  const [, star = '', name = ''] = /^(\*\.)?(.*)$/.exec(typed.trim()) ?? [];
  if (!/[^\p{ASCII}]/u.test(name)) return null;
  try {
    return star + new URL(`https://${name}`).hostname;
  } catch {
    return null;
  }
}

/** A host that was copied with what surrounds it in an address bar. */
export const hostOf = (typed: string): string => typed.trim().replace(/^https?:\/\//i, '').replace(/[/?#].*$/, '');
