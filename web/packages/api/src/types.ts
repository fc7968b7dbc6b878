/**
 * The requests and answers of `docs/protocol.md` §6, as the server's own types generate them (`schema.gen.ts`).
 * Byte strings are base64url; times are UTC milliseconds.
 */

import type { components } from './schema.gen.ts';

/** Every shape of the document, for the clients whose names are not here. */
export type Schemas = components['schemas'];

export type State = Schemas['PeekView']['state'];
export type ClaimState = Schemas['OpeningView']['state'];
export type DeviceClass = Schemas['OpeningView']['device'];
export type PassphraseParams = Schemas['PassphraseView'];
export type Tries = Schemas['TriesView'];
export type Opening = Schemas['OpeningView'];

export type CreateRequest = Schemas['CreateBody'];
export type CreateAnswer = Schemas['CreatedView'];
export type PeekRequest = Schemas['PeekBody'];
export type PeekAnswer = Schemas['PeekView'];
/** What the device is told that a secret is bound to. */
export type Bound = Schemas['BoundView'];
/** A device that asks for a hand-over. */
export type Ask = Schemas['AskedView'];
export type ClaimRequest = Schemas['ClaimBody'];
export type RecoverRequest = Schemas['RecoverBody'];
export type Claim = Schemas['ClaimView'];
export type ClaimAnswer = Schemas['DeliveredView'];
export type HeartbeatRequest = Schemas['HeartbeatBody'];
export type HeartbeatAnswer = Schemas['HeartbeatView'];
export type AckRequest = Schemas['AckBody'];
export type AckAnswer = Schemas['AckView'];
export type OpenRequest = Schemas['OpenBody'];
export type OpenAnswer = Schemas['OpenView'];
export type AskRequest = Schemas['AskBody'];
export type AskAnswer = Schemas['AskView'];
export type GiveRequest = Schemas['GiveBody'];
export type GiveAnswer = Schemas['GiveView'];
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
