/** The requests and answers of `docs/accounts.md` §5, as the server's own types generate them. Times are UTC milliseconds. */

import type { CreateAnswer, CreateRequest, Schemas } from '@waxseal/api';

export type { CreateAnswer, CreateRequest };

export type SessionAnswer = Schemas['SessionView'];
export type SignInAnswer = Schemas['SignInView'];
export type SecondFactor = NonNullable<SignInAnswer['methods']>[number];
export type VerifiedAnswer = Schemas['VerifiedView'];
export type InvitationLook = Schemas['LookView'];
export type Membership = Schemas['BelongingView'];
export type Role = Membership['role'];
export type Account = Schemas['ProfileView'];
export type NoticesState = Schemas['NoticesView'];
export type SessionRow = Schemas['SessionRow'];
export type TotpKey = Schemas['TotpKeyView'];
export type RecoveryCodes = Schemas['RecoveryCodesView'];
export type DeviceLook = Schemas['DeviceView'];
export type Organization = Schemas['OrganizationView'];
export type Permission = Organization['permissions'][number];
export type Member = Schemas['MemberView'];
export type Invitation = Schemas['InvitationView'];
export type ApiKey = Schemas['KeyView'];
/** The only time a key is told. */
export type NewApiKey = Schemas['NewKeyView'];
export type Scope = ApiKey['scopes'][number];
/** In the order in which they are offered. */
export const SCOPES = [
  'secrets:create',
  'secrets:read',
  'secrets:burn',
  'organization:read',
  'members:read',
  'members:write',
  'audit:read',
  'domains:read',
  'domains:write',
] as const satisfies readonly Scope[];

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
