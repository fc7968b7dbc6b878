/** Domains as the server tells them (`docs/domains.md` §3 and §6). Times are UTC milliseconds. */

import type { Schemas } from '@waxseal/api';

/** A domain as lists show it. */
export type Domain = Schemas['DomainView'];
/** A domain with everything. */
export type DomainDetail = Schemas['DomainDetailView'];
/** Where a DNS provider sets the records by itself. */
export type DomainConnection = Schemas['ConnectView'];
export type Ownership = Domain['ownership'];
export type Gate = Domain['gate'];
/** A record to set. `relative`: without the registered name, `@` for that name itself. */
export type DnsRecord = Schemas['RecordView'];
export type RecordType = DnsRecord['type'];
/** What a look at the host's records came to. */
export type Report = Schemas['ReportView'];
export type Verdict = Report['verdict'];
export type Actor = Report['actor'];
/** One edit of one record. */
export type Change = Schemas['ChangeView'];
export type ServerAnswer = Schemas['ServerView'];
/** One thing that was found: its words are in the catalogue `dns`. */
export type Finding = Schemas['FindingView'];
export type Hint = Schemas['HintView'];
/** Who runs the zone's servers. */
export type Provider = Schemas['ProviderView'];
export type DomainSettings = Schemas['SettingsView'];
export type Kind = NonNullable<DomainSettings['defaults']['kind']>;

/** One change of one axis. */
export type DomainEvent = Omit<Schemas['DomainEventView'], 'evidence'> & {
  /** What every server said, as it was heard. */
  evidence?: { servers?: readonly ServerSeen[] } | null;
};

type Heard = { state: string; records?: readonly string[]; target?: string; fault?: string };

export interface ServerSeen {
  name: string;
  address?: string | null;
  fault?: string | null;
  alias?: Heard;
  v4?: Heard;
  v6?: Heard;
  challenge?: Heard;
}
