import {
  drawRandomness,
  encodePolicy,
  formatLink,
  formatReceiptLink,
  seal,
  SENDER_PARAMS,
  toB64u,
  type Argon2id,
  type Kind,
  type Policy,
  type Sealed,
} from '@waxseal/crypto';
import { isProblem, openChannel, post, wait as realWait, type Caller, type CreateAnswer, type CreateRequest, type Wait } from '@waxseal/api';

/** Pauses in milliseconds before the same bytes are sent again; the server answers them as the first time. */
const PAUSES = [1_000, 3_000];

export interface NewSecret {
  /** Scheme, host and port that the link will have. */
  origin: string;
  /** 1 to `MAX_TEXT_BYTES` bytes. */
  text: string;
  kind: Kind;
  /** 1 if the secret is device-bound. */
  views: number;
  expires: Policy['expires'];
  passphrase: { text: string; argon2id: Argon2id } | null;
}

export interface CreateWorld {
  fetch?: typeof globalThis.fetch;
  random?: (bytes: number) => Uint8Array<ArrayBuffer>;
  wait?: Wait;
  language?: string;
  /** Sends another way than sealed to the link's host: from a member's console, which is another host. */
  send?: (request: CreateRequest) => Promise<CreateAnswer>;
}

export interface Created {
  /** For the recipient. Whoever holds it holds the secret (with the passphrase, if there is one). */
  link: string;
  /** For the sender. */
  receiptLink: string;
  createdAtMs: number;
  expiresAtMs: number;
}

function toRequest(sealed: Sealed): CreateRequest {
  return {
    peek_sha256: toB64u(sealed.peekSha256),
    claim_key: toB64u(sealed.claimKey),
    ack_sha256: toB64u(sealed.ackSha256),
    receipt_sha256: toB64u(sealed.receiptSha256),
    header: toB64u(sealed.header),
    wrapped_key: toB64u(sealed.wrappedKey),
    policy: toB64u(sealed.policy),
    content: toB64u(sealed.content),
  };
}

async function submit(caller: Caller, request: CreateRequest, wait: Wait): Promise<CreateAnswer> {
  for (let turn = 0; ; turn++) {
    try {
      return await post(caller, 'create', request);
    } catch (error) {
      const pause = PAUSES[turn];
      if (!pause || !isProblem(error, 'no-answer', 'unavailable')) throw error;
      await wait(error.retryAfterMs ?? pause);
    }
  }
}

/**
 * Seals here, sends what the server cannot read, and gives the two links. Throws `Refused` (`text`, `passphrase`) before
 * any request, or `Problem`.
 */
export async function create(secret: NewSecret, world: CreateWorld = {}): Promise<Created> {
  const { origin, text, kind, views, expires, passphrase } = secret;
  const { fetch, random, wait = realWait, language } = world;
  const { send = (request) => submit({ origin, fetch, language, channel: openChannel(origin, fetch) }, request, wait) } = world;
  const params = passphrase && SENDER_PARAMS;
  const randomness = drawRandomness(random);
  const sealed = await seal({
    randomness,
    kind,
    policy: encodePolicy({ kind, views, expires, passphrase: params, sealed: 'client' }),
    text,
    passphrase: passphrase && { ...passphrase, params: SENDER_PARAMS },
  });
  const answer = await send(toRequest(sealed));
  return {
    link: formatLink(origin, sealed.id, randomness.token),
    receiptLink: formatReceiptLink(origin, sealed.rid, randomness.receipt),
    createdAtMs: answer.created_at_ms,
    expiresAtMs: answer.expires_at_ms,
  };
}
