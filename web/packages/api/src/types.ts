/**
 * The requests and answers of `docs/protocol.md` §6, as the server's own types generate them (`schema.gen.ts`).
 * Byte strings are base64url; times are UTC milliseconds.
 */

import type { components } from './schema.gen.ts';

type Schemas = components['schemas'];

export type State = Schemas['PeekView']['state'];
export type ClaimState = Schemas['OpeningView']['state'];
export type DeviceClass = Schemas['OpeningView']['device'];
export type PassphraseParams = Schemas['PassphraseView'];
export type Tries = Schemas['TriesView'];
export type Opening = Schemas['OpeningView'];

export type CreateRequest = Schemas['CreateBody'];
export type CreateAnswer = Schemas['CreatedView'];
export type PeekRequest = Schemas['PeekBody'];
export type PeekAnswer = Omit<Schemas['PeekView'], 'bound'> & { bound: Bound | null };

/** What the device is told that a secret is bound to. */
export interface Bound {
  claim: string;
  /** The last counter taken. */
  counter: number;
  /** Devices that ask for a hand-over, oldest first. */
  asks: Ask[];
}
export interface Ask {
  at_ms: number;
  device: DeviceClass;
  thumbprint: string;
  receive: string;
  code: string;
}
export type ClaimRequest = Schemas['ClaimBody'];
export type RecoverRequest = Schemas['RecoverBody'];
export type Claim = Schemas['ClaimView'];
export type ClaimAnswer = Schemas['DeliveredView'];
export type HeartbeatRequest = Schemas['HeartbeatBody'];
export type HeartbeatAnswer = Schemas['HeartbeatView'];
export type AckRequest = Schemas['AckBody'];
export type AckAnswer = Schemas['AckView'];
export interface OpenRequest {
  id: string;
  claim: string;
  device: string;
  counter: number;
  challenge: string;
  kept?: true;
}
export interface OpenAnswer {
  header: string;
  policy: string;
  content: string;
  handed: { from: string; keys: string } | null;
  challenge: string;
}
export interface AskRequest {
  id: string;
  peek: string;
  device: string;
  challenge: string;
  receive: string;
}
export interface AskAnswer {
  code: string;
  ends_at_ms: number;
  challenge: string;
}
export interface GiveRequest {
  id: string;
  claim: string;
  device: string;
  counter: number;
  to: string;
  keys: string;
  challenge: string;
}
export interface GiveAnswer {
  challenge: string;
}
/** `GET /v1/channel`. */
export type ChannelAnswer = Schemas['ChannelView'];
export type ReceiptRequest = Schemas['ReceiptBody'];
export type ReceiptAnswer = Schemas['ReceiptView'];

/** `docs/protocol.md` §9. */
export type ProblemCode = Schemas['ProblemDocument']['code'];

/** `application/problem+json` (RFC 9457) with the members that some codes add. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  field?: string;
  rule?: string;
  limit_bytes?: number;
  challenge?: string;
  tries?: Tries;
  state?: State;
  openings?: Opening[];
  channel?: ChannelAnswer;
}

/** What each route takes and answers. */
export interface Routes {
  create: [CreateRequest, CreateAnswer];
  peek: [PeekRequest, PeekAnswer];
  claim: [ClaimRequest, ClaimAnswer];
  recover: [RecoverRequest, ClaimAnswer];
  heartbeat: [HeartbeatRequest, HeartbeatAnswer];
  ack: [AckRequest, AckAnswer];
  open: [OpenRequest, OpenAnswer];
  ask: [AskRequest, AskAnswer];
  give: [GiveRequest, GiveAnswer];
  receipt: [ReceiptRequest, ReceiptAnswer];
  status: [ReceiptRequest, ReceiptAnswer];
  burn: [ReceiptRequest, ReceiptAnswer];
  unlock: [ReceiptRequest, ReceiptAnswer];
}
