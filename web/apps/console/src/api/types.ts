/**
 * The requests and answers of `docs/accounts.md` §5, as the server's own types generate them, with the words that the
 * document names where the generator only knows text. Times are UTC milliseconds.
 */

import type { CreateAnswer, CreateRequest, Schemas } from '@waxseal/api';

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

/** A shape of the server in which some members are known better. */
type Known<View, Better extends Partial<Record<keyof View, unknown>>> = Omit<View, keyof Better> & Better;

export type SecondFactor = 'totp' | 'recovery-code' | 'passkey';

export type SessionAnswer = Known<Schemas['SessionView'], { sign_up: 'open' | 'invited' | 'closed' }>;
export type SignInAnswer = Known<Schemas['SignInView'], { next: 'done' | 'second-factor'; methods?: SecondFactor[] | null }>;
export type VerifiedAnswer = Schemas['VerifiedView'];
export type InvitationLook = Known<Schemas['LookView'], { role: Role }>;
export type Membership = Known<Schemas['BelongingView'], { role: Role }>;
export type Account = Known<Schemas['ProfileView'], { organizations: Membership[] }>;
export type SessionRow = Known<Schemas['SessionRow'], { kind: 'browser' | 'cli' }>;
export type TotpKey = Schemas['TotpKeyView'];
export type RecoveryCodes = Schemas['RecoveryCodesView'];
export type DeviceLook = Schemas['DeviceView'];
export type Organization = Known<Schemas['OrganizationView'], { role?: Role | null; permissions: Permission[] }>;
export type Member = Known<Schemas['MemberView'], { role: Role }>;
export type Invitation = Known<Schemas['InvitationView'], { role: Role }>;
export type ApiKey = Known<Schemas['KeyView'], { scopes: Scope[] }>;
/** The only time a key is told. */
export type NewApiKey = ApiKey & Pick<Schemas['NewKeyView'], 'key'>;
export type AuditEvent = Schemas['EventView'];
export type AccountEvent = Schemas['AccountEventView'];
/** A receipt as a member sees it: whose it is and where, and no link. */
export type MemberReceipt = Schemas['MemberReceiptView'];

export interface Page<Item> {
  items: Item[];
  next?: string | null;
}

export type Ceremony = Schemas['CeremonyView'];
export type Passkey = Schemas['PasskeyView'];
