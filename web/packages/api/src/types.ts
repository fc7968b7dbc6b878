/** The requests and answers of `docs/protocol.md` §6. Byte strings are base64url; times are UTC milliseconds. */

export type State = 'ready' | 'locked' | 'draining' | 'destroyed' | 'burned' | 'expired';
export type ClaimState = 'open' | 'acked' | 'lapsed';
export type DeviceClass = 'phone' | 'tablet' | 'computer' | 'cli' | 'unknown';

export interface PassphraseParams {
  m_kib: number;
  t: number;
  p: number;
}

export interface Tries {
  wrong: number;
  left: number;
  /** Set while tries are held back. */
  next_at_ms: number | null;
}

export interface Opening {
  at_ms: number;
  device: DeviceClass;
  state: ClaimState;
}

export interface CreateRequest {
  peek_sha256: string;
  claim_key: string;
  ack_sha256: string;
  receipt_sha256: string;
  header: string;
  wrapped_key: string;
  policy: string;
  content: string;
}

export interface CreateAnswer {
  id: string;
  rid: string;
  created_at_ms: number;
  expires_at_ms: number;
}

export interface PeekRequest {
  id: string;
  peek: string;
  thumbprint?: string;
}

interface Shown {
  state: State;
  kind: 'one_time' | 'device_bound';
  sealed: 'client' | 'server';
  views: number;
  views_left: number;
  created_at_ms: number;
  expires_at_ms: number;
  tries: Tries;
}

export interface PeekAnswer extends Shown {
  id: string;
  passphrase: PassphraseParams | null;
  /** Bytes of the sealed content. */
  content_bytes: number;
  /** Oldest first, at most 20. */
  openings: Opening[];
  /** The state of the asking device's claim. */
  yours: ClaimState | null;
  challenge: string | null;
}

export interface ClaimRequest {
  id: string;
  peek: string;
  claim_key: string;
  device: string;
  challenge: string;
}

export type RecoverRequest = Omit<ClaimRequest, 'claim_key'>;

export interface Claim {
  id: string;
  /** The last counter the server took. */
  counter: number;
  window_ends_at_ms: number;
  header: string;
  policy: string;
  wrapped_key: string;
  content: string;
}

export interface ClaimAnswer {
  claim: Claim | null;
  challenge: string;
}

export interface HeartbeatRequest {
  id: string;
  claim: string;
  device: string;
  counter: number;
  challenge: string;
}

export interface HeartbeatAnswer {
  window_ends_at_ms: number;
  challenge: string;
}

export interface AckRequest extends HeartbeatRequest {
  /** The preimage. */
  ack: string;
}

export interface AckAnswer {
  state: State;
  challenge: string;
}

export interface ReceiptRequest {
  rid: string;
  receipt: string;
}

export interface ReceiptAnswer extends Shown {
  rid: string;
  passphrase: boolean;
  kept_until_ms: number;
  openings: (Opening & { ended_at_ms: number | null })[];
  /** When the secret was destroyed, burned or expired. */
  ended_at_ms: number | null;
}

/** `docs/protocol.md` §9. */
export type ProblemCode =
  | 'malformed'
  | 'bad-signature'
  | 'stale-challenge'
  | 'wrong-key'
  | 'not-available'
  | 'method'
  | 'timeout'
  | 'conflict'
  | 'gone'
  | 'too-large'
  | 'media-type'
  | 'misdirected'
  | 'invalid'
  | 'locked'
  | 'held-back'
  | 'rate-limited'
  | 'internal'
  | 'unavailable';

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
}

/** What each route takes and answers. */
export interface Routes {
  create: [CreateRequest, CreateAnswer];
  peek: [PeekRequest, PeekAnswer];
  claim: [ClaimRequest, ClaimAnswer];
  recover: [RecoverRequest, ClaimAnswer];
  heartbeat: [HeartbeatRequest, HeartbeatAnswer];
  ack: [AckRequest, AckAnswer];
  receipt: [ReceiptRequest, ReceiptAnswer];
  status: [ReceiptRequest, ReceiptAnswer];
  burn: [ReceiptRequest, ReceiptAnswer];
  unlock: [ReceiptRequest, ReceiptAnswer];
}
