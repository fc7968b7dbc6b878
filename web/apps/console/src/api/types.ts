/** The requests and answers of `docs/accounts.md` §5. Times are UTC milliseconds. What may be absent is absent. */

import type { CreateAnswer, CreateRequest, ReceiptAnswer } from '@waxseal/api';

export type { CreateAnswer, CreateRequest };

export const ROLES = ['owner', 'admin', 'member', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

export const SCOPES = [
  'secrets:create',
  'secrets:read',
  'secrets:burn',
  'organization:read',
  'members:read',
  'members:write',
  'audit:read',
] as const;
export type Scope = (typeof SCOPES)[number];

export type Permission =
  | `organization.${'read' | 'write' | 'transfer' | 'export' | 'delete'}`
  | `members.${'read' | 'write'}`
  | `keys.${'read' | 'write'}`
  | 'audit.read'
  | `secrets.${'create' | 'read' | 'burn'}`;

export interface SessionAnswer {
  signed_in: boolean;
  csrf: string;
  sign_up: 'open' | 'invited' | 'closed';
  account?: { id: string; name: string; lang: string };
}

export type SecondFactor = 'totp' | 'recovery-code' | 'passkey';

export interface SignInAnswer {
  next: 'done' | 'second-factor';
  methods?: SecondFactor[];
  recovery_codes_left?: number;
}

export interface Ceremony {
  ceremony: string;
  /** As `PublicKeyCredentialCreationOptionsJSON` or `…RequestOptionsJSON` (WebAuthn Level 3 §5.1.8). */
  options: { publicKey?: object };
}

export interface InvitationLook {
  organization: string;
  inviter: string;
  role: Role;
  email: string;
}

export interface Membership {
  id: string;
  slug: string;
  name: string;
  role: Role;
  domain?: string;
  deletion_due_at_ms?: number;
}

export interface Account {
  id: string;
  name: string;
  email: string;
  lang: string;
  has_password: boolean;
  totp: boolean;
  recovery_codes_left: number;
  passkeys: number;
  stepped_up_until?: number;
  organizations: Membership[];
}

export interface Passkey {
  id: string;
  name: string;
  created_at_ms: number;
  last_used_at_ms?: number;
}

export interface SessionRow {
  id: string;
  current: boolean;
  kind: 'browser' | 'cli';
  device: string;
  network: string;
  created_at_ms: number;
  last_used_at_ms: number;
}

export interface Organization {
  id: string;
  slug: string;
  name: string;
  created_at_ms: number;
  role: Role;
  permissions: Permission[];
  domains: { id: string; host: string }[];
  deletion_due_at_ms?: number;
}

export interface Member {
  account: string;
  name: string;
  email: string;
  role: Role;
  domain?: string;
  joined_at_ms: number;
  last_seen_at_ms?: number;
  second_factor: boolean;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  domain?: string;
  invited_by: string;
  created_at_ms: number;
  expires_at_ms: number;
}

export interface ApiKey {
  id: string;
  name: string;
  /** What may be shown of it: its beginning. */
  prefix: string;
  scopes: Scope[];
  networks: string[];
  created_at_ms: number;
  expires_at_ms: number;
  last_used_at_ms?: number;
  /** While a key that replaced it is there: until when this one works. */
  retires_at_ms?: number;
}

/** The only time a key is told. */
export interface NewApiKey extends ApiKey {
  key: string;
}

export interface AuditEvent {
  id: string;
  at_ms: number;
  action: string;
  actor?: string;
  subject: string;
  network?: string;
}

/** A receipt as a member sees it: whose it is and where, and no link. */
export interface MemberReceipt extends ReceiptAnswer {
  domain: string;
  created_by?: string;
}

export interface Page<Item> {
  items: Item[];
  next?: string | null;
}

export interface DeviceLook {
  name: string;
  network: string;
  created_at_ms: number;
}
