import { createHash, randomBytes } from 'node:crypto';
import { fromB64u, thumbprint, toB64u, type Bytes, type SignatureHeaders } from '@waxseal/crypto';
import { channelServer, fetchFrom } from '@waxseal/crypto/channel-server';
import { verifyRequest } from '@waxseal/crypto/verify';
import type { Ask, ClaimState, CreateRequest, OpenAnswer, ProblemDocument, State } from '@waxseal/api';

export const ORIGIN = 'https://secrets.example.com';
const CHALLENGE_MS = 60_000;
const WINDOW_MS = 600_000;
const ASK_MS = 900_000;

interface DoubleClaim {
  id: string;
  state: ClaimState;
  counter: number;
  at_ms: number;
}

interface DoubleSecret {
  create: CreateRequest;
  policy: { kind: 'one_time' | 'device_bound'; views: number; passphrase: unknown };
  state: State;
  viewsLeft: number;
  wrong: number;
  heldUntil: number;
  /** By the device's thumbprint. */
  claims: Map<string, DoubleClaim>;
  /** Thumbprint of the device that it is bound to. */
  boundTo: string | null;
  /** What that device left for a passkey. */
  copy: string | null;
  asks: Ask[];
  handed: OpenAnswer['handed'];
  opens: number;
}

type Fault = 'lose-request' | 'lose-answer' | Partial<ProblemDocument>;
type Fields = Record<string, string> & { counter: number; kept?: boolean };

const sha256 = (text: string) => createHash('sha256').update(fromB64u(text)).digest();

function idOf(name: string, digest: Uint8Array): string {
  const label = Buffer.from(`waxseal/v1/${name}`);
  const length = Buffer.from([0, 0, 0, label.length]);
  return createHash('sha256').update(length).update(label).update(digest).digest().subarray(0, 16).toString('base64url');
}

class Refusal extends Error {
  document: Partial<ProblemDocument>;
  constructor(document: Partial<ProblemDocument>) {
    super(document.code);
    this.document = document;
  }
}

const STATUS: Partial<Record<string, number>> = { 'stale-challenge': 401, 'bad-signature': 401, 'wrong-key': 403, 'not-available': 404, conflict: 409, gone: 410, locked: 423, 'held-back': 429, unavailable: 503 };

/**
 * A strict double of the service: it verifies signatures, challenges, counters and keys as the protocol says, and loses
 * what a test tells it to lose.
 */
export async function serverDouble(origin = ORIGIN) {
  const secrets = new Map<string, DoubleSecret>();
  const challenges = new Map<string, { id: string; thumb: string; at: number }>();
  const faults = new Map<string, Fault[]>();
  const log: string[] = [];
  const clock = { now: 1_700_000_000_000 };

  const refuse = (document: Partial<ProblemDocument>): never => {
    throw new Refusal(document);
  };

  function challenge(id: string, thumb: string): string {
    const bytes = randomBytes(40);
    bytes.writeBigUInt64BE(BigInt(clock.now));
    const text = bytes.toString('base64url');
    challenges.set(text, { id, thumb, at: clock.now });
    return text;
  }

  const tries = (secret: DoubleSecret) => ({
    wrong: secret.wrong,
    left: 20 - secret.wrong,
    next_at_ms: secret.heldUntil > clock.now ? secret.heldUntil : null,
  });
  const openings = (secret: DoubleSecret) =>
    [...secret.claims.values()].map(({ at_ms, state }) => ({ at_ms, device: 'computer' as const, state }));

  function proven(fields: Fields): DoubleSecret {
    const secret = secrets.get(fields.id!);
    const right = secret && toB64u(new Uint8Array(sha256(fields.peek!))) === secret.create.peek_sha256;
    return right ? secret : refuse({ code: 'not-available' });
  }

  async function signedBy(fields: Fields, request: Request, sealed: Bytes): Promise<string> {
    const publicKey = fromB64u(fields.device!, 65);
    const headers = Object.fromEntries(
      ['Content-Digest', 'Signature-Input', 'Signature'].map((name) => [name, request.headers.get(name) ?? '']),
    ) as unknown as SignatureHeaders;
    const given = fromB64u(fields.challenge!, 40);
    const valid = await verifyRequest(publicKey, { url: request.url, body: sealed, challenge: given }, headers);
    if (!valid) refuse({ code: 'bad-signature' });
    const thumb = toB64u(await thumbprint(publicKey));
    const known = challenges.get(fields.challenge!);
    const fresh = known && known.id === fields.id && known.thumb === thumb && clock.now - known.at <= CHALLENGE_MS;
    const next = fields.peek ? { challenge: challenge(fields.id!, thumb) } : {};
    if (!fresh) refuse({ code: 'stale-challenge', ...next });
    return thumb;
  }

  function delivered(secret: DoubleSecret, claim: DoubleClaim) {
    const { header, policy, wrapped_key, content } = secret.create;
    return { id: claim.id, counter: claim.counter, window_ends_at_ms: clock.now + WINDOW_MS, header, policy, wrapped_key, content };
  }

  function take(secret: DoubleSecret, fields: Fields, thumb: string): DoubleClaim {
    const mine = secret.claims.get(thumb);
    if (mine?.state === 'open') return mine;
    if (mine || (secret.state !== 'ready' && secret.state !== 'locked')) {
      refuse({ code: 'gone', state: secret.state, openings: openings(secret) });
    }
    if (secret.state === 'locked') refuse({ code: 'locked', tries: tries(secret) });
    if (secret.heldUntil > clock.now) refuse({ code: 'held-back', tries: tries(secret) });
    if (fields.claim_key !== secret.create.claim_key) {
      secret.wrong++;
      if (secret.wrong >= 5) secret.heldUntil = clock.now + 60_000;
      if (secret.wrong >= 20) secret.state = 'locked';
      refuse({ code: 'wrong-key', tries: tries(secret) });
    }
    secret.viewsLeft--;
    if (secret.viewsLeft === 0) secret.state = 'draining';
    const claim: DoubleClaim = { id: `clm_${randomBytes(8).toString('hex')}`, state: 'open', counter: 0, at_ms: clock.now };
    secret.claims.set(thumb, claim);
    return claim;
  }

  /** The open claim that a heartbeat or an ack names, with a larger counter. */
  function ongoing(fields: Fields, thumb: string): [DoubleSecret, DoubleClaim] {
    const secret = secrets.get(fields.id!) ?? refuse({ code: 'not-available' });
    const claim = secret.claims.get(thumb) ?? refuse({ code: 'not-available' });
    if (claim.id !== fields.claim) refuse({ code: 'not-available' });
    if (claim.state === 'acked') return [secret, claim];
    if (isOver(secret) || claim.state === 'handed') refuse({ code: 'gone', state: secret.state, openings: openings(secret) });
    if (claim.state === 'lapsed' || fields.counter <= claim.counter) refuse({ code: 'invalid', field: 'counter' });
    claim.counter = fields.counter;
    return [secret, claim];
  }

  const isOver = ({ state }: DoubleSecret) => ['destroyed', 'burned', 'expired'].includes(state);

  /** What the device of a bound secret is told, and nobody else. */
  function boundView(secret: DoubleSecret, thumb: string | undefined) {
    if (secret.state !== 'bound' || !thumb || thumb !== secret.boundTo) return null;
    const { id, counter } = secret.claims.get(thumb)!;
    return { claim: id, counter, asks: secret.asks.filter(({ at_ms }) => at_ms + ASK_MS > clock.now) };
  }

  /** The bound secret and its claim, with a larger counter. */
  function whileBound(fields: Fields, thumb: string): [DoubleSecret, DoubleClaim] {
    const [secret, claim] = [secrets.get(fields.id!), secrets.get(fields.id!)?.claims.get(thumb)];
    if (!secret || claim?.id !== fields.claim) return refuse({ code: 'not-available' });
    if (secret.state !== 'bound' || secret.boundTo !== thumb) refuse({ code: 'gone', state: secret.state, openings: openings(secret) });
    if (fields.counter <= claim!.counter) refuse({ code: 'invalid', field: 'counter' });
    claim!.counter = fields.counter;
    return [secret, claim!];
  }

  const routes: Record<string, (fields: Fields, request: Request, sealed: Bytes) => Promise<object>> = {
    create: async (fields) => {
      const create = fields as unknown as CreateRequest;
      const id = idOf('id', fromB64u(create.peek_sha256, 32));
      const rid = idOf('rid', fromB64u(create.receipt_sha256, 32));
      const known = secrets.get(id);
      if (known && JSON.stringify(known.create) !== JSON.stringify(create)) refuse({ code: 'conflict' });
      const policy = JSON.parse(Buffer.from(create.policy, 'base64url').toString()) as DoubleSecret['policy'];
      if (!known) secrets.set(id, { create, policy, state: 'ready', viewsLeft: policy.views, wrong: 0, heldUntil: 0, claims: new Map(), boundTo: null, copy: null, asks: [], handed: null, opens: 0 });
      return { id, rid, created_at_ms: clock.now, expires_at_ms: clock.now + 86_400_000 };
    },
    peek: async (fields) => {
      const secret = proven(fields);
      const thumb = fields.thumbprint;
      return {
        id: fields.id, state: secret.state, kind: secret.policy.kind, sealed: 'client', passphrase: secret.policy.passphrase,
        views: secret.policy.views, views_left: secret.viewsLeft, created_at_ms: 0, expires_at_ms: 0, content_bytes: 1_040,
        tries: tries(secret), openings: openings(secret),
        yours: (thumb && secret.claims.get(thumb)?.state) || null,
        bound: boundView(secret, thumb),
        copy: secret.state === 'bound' ? secret.copy : null,
        challenge: thumb ? challenge(fields.id!, thumb) : null,
      };
    },
    claim: async (fields, request, sealed) => {
      const secret = proven(fields);
      const thumb = await signedBy(fields, request, sealed);
      const claim = take(secret, fields, thumb);
      return { claim: delivered(secret, claim), challenge: challenge(fields.id!, thumb) };
    },
    recover: async (fields, request, sealed) => {
      const secret = proven(fields);
      const thumb = await signedBy(fields, request, sealed);
      const claim = secret.claims.get(thumb);
      return { claim: claim?.state === 'open' ? delivered(secret, claim) : null, challenge: challenge(fields.id!, thumb) };
    },
    heartbeat: async (fields, request, sealed) => {
      const thumb = await signedBy(fields, request, sealed);
      ongoing(fields, thumb);
      return { window_ends_at_ms: clock.now + WINDOW_MS, challenge: challenge(fields.id!, thumb) };
    },
    ack: async (fields, request, sealed) => {
      const thumb = await signedBy(fields, request, sealed);
      const [secret, claim] = ongoing(fields, thumb);
      if (toB64u(new Uint8Array(sha256(fields.ack!))) !== secret.create.ack_sha256) refuse({ code: 'invalid', field: 'ack' });
      const bound = secret.policy.kind === 'device_bound';
      if (fields.copy && (!bound || fromB64u(fields.copy).length !== 212)) refuse({ code: 'invalid', field: 'copy' });
      if (claim.state === 'open') secret.copy = fields.copy ?? null;
      claim.state = 'acked';
      if (bound && !isOver(secret)) Object.assign(secret, { state: 'bound', boundTo: thumb, create: { ...secret.create, wrapped_key: '' } });
      const open = [...secret.claims.values()].some(({ state }) => state === 'open');
      if (!bound && secret.viewsLeft === 0 && !open) secret.state = 'destroyed';
      return { state: secret.state, challenge: challenge(fields.id!, thumb) };
    },
    open: async (fields, request, sealed) => {
      const thumb = await signedBy(fields, request, sealed);
      const [secret] = whileBound(fields, thumb);
      if (fields.kept) secret.handed = null;
      secret.opens++;
      const { header, policy, content } = secret.create;
      return { header, policy, content, handed: secret.handed, challenge: challenge(fields.id!, thumb) };
    },
    ask: async (fields, request, sealed) => {
      const secret = proven(fields);
      const thumb = await signedBy(fields, request, sealed);
      if (secret.state !== 'bound') refuse({ code: 'gone', state: secret.state, openings: openings(secret) });
      const known = secret.asks.find(({ thumbprint, receive }) => thumbprint === thumb && receive === fields.receive);
      const asked = known ?? { at_ms: clock.now, device: 'phone' as const, thumbprint: thumb, receive: fields.receive!, code: String(100_000 + secret.asks.length) };
      if (!known) secret.asks.push(asked);
      return { code: asked.code, ends_at_ms: asked.at_ms + ASK_MS, challenge: challenge(fields.id!, thumb) };
    },
    give: async (fields, request, sealed) => {
      const thumb = await signedBy(fields, request, sealed);
      const [secret, claim] = whileBound(fields, thumb);
      const asked = secret.asks.find(({ thumbprint }) => thumbprint === fields.to) ?? refuse({ code: 'invalid', field: 'to' });
      claim.state = 'handed';
      secret.claims.set(asked.thumbprint, { id: `clm_${randomBytes(8).toString('hex')}`, state: 'acked', counter: 0, at_ms: clock.now });
      Object.assign(secret, { boundTo: asked.thumbprint, copy: null, asks: [], handed: { from: thumb, keys: fields.keys } });
      return { challenge: challenge(fields.id!, thumb) };
    },
  };

  const problem = (document: Partial<ProblemDocument>): Response => {
    const status = document.status ?? STATUS[document.code!] ?? 422;
    const type = `urn:waxseal:problem:${document.code}`;
    return new Response(JSON.stringify({ type, title: '', detail: '', status, ...document }), {
      status,
      headers: { 'Content-Type': 'application/problem+json' },
    });
  };

  const channel = await channelServer(new URL(origin).host);
  const toRoutes = fetchFrom(() => channel, async (body, request, sealed) => {
    const route = new URL(request.url).pathname.replace('/v1/secrets/', '');
    const fault = faults.get(route)?.shift();
    log.push(route);
    if (fault === 'lose-request') throw new TypeError('fetch failed');
    if (typeof fault === 'object') return problem(fault);
    const response = await answer(route, body, request, sealed);
    if (fault === 'lose-answer') throw new TypeError('fetch failed');
    return response;
  });

  async function answer(route: string, body: string, request: Request, sealed: Bytes): Promise<Response> {
    try {
      return Response.json(await routes[route]!(JSON.parse(body) as Fields, request, sealed));
    } catch (error) {
      if (error instanceof Refusal) return problem(error.document);
      throw error;
    }
  }

  return {
    fetch: toRoutes,
    secrets,
    clock,
    log,
    /** What happens to the next requests of a route, in order. */
    fault: (route: string, ...next: Fault[]) => faults.set(route, next),
    /** The only secret there is. */
    secret: () => [...secrets.values()][0]!,
    end: (state: State) => {
      for (const secret of secrets.values()) {
        secret.state = state;
        for (const claim of secret.claims.values()) if (claim.state === 'open') claim.state = 'lapsed';
      }
    },
  };
}

export type ServerDouble = Awaited<ReturnType<typeof serverDouble>>;
