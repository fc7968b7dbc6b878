import { parseLink, peekKey, Refused, toB64u, tokenKey, type Link } from '@waxseal/crypto';
import { openChannel, post, wait as realWait, type Caller, type PeekAnswer, type Wait } from '@waxseal/api';
import { memoryStore, openStore, type Keys, type KeyStore, type Learned } from './store.ts';

/** What the world gives a flow. Every member has the platform's own as its default. */
export interface World {
  fetch?: typeof globalThis.fetch;
  indexedDB?: IDBFactory;
  wait?: Wait;
  /** The page's language, for the server's problem texts. */
  language?: string;
}

/** One look at one link by one page. `keys`, `challenge`, `store` and `durable` change as the flow goes on. */
export interface Visit {
  readonly link: Link;
  /** The link's id as the wire writes it. */
  readonly id: string;
  readonly tokenKey: CryptoKey;
  readonly caller: Caller;
  readonly wait: Wait;
  store: KeyStore;
  /** False if this browser keeps nothing: say so before the gesture, since a reload would then lose the secret. */
  durable: boolean;
  keys: Keys | null;
  challenge: string | null;
}

async function findKeys(factory: IDBFactory, id: string) {
  try {
    const store = await openStore(factory);
    return { store, durable: true, keys: await store.find(id) };
  } catch {
    return { store: memoryStore(), durable: false, keys: null };
  }
}

/**
 * Reads the address bar and this device's store; asks the server nothing. Refuses with `link-malformed` (also where
 * the fragment is gone and this device holds no keys) or `link-damaged`.
 */
export async function arrive(href: string, world: World = {}): Promise<Visit> {
  const { fetch, indexedDB = globalThis.indexedDB, wait = realWait, language } = world;
  const link = parseLink(href);
  const id = toB64u(link.id);
  const found = await findKeys(indexedDB, id);
  const key = link.token ? await tokenKey(link.id, link.token) : found.keys?.device.tokenKey;
  if (!key) throw new Refused('link-malformed');
  const caller = { origin: link.origin, fetch, language, channel: openChannel(link.origin, fetch) };
  return { link, id, tokenKey: key, caller, wait, challenge: null, ...found };
}

/** Proves `T` without revealing it. */
export async function peekProof({ tokenKey }: Visit): Promise<{ peek: string }> {
  return { peek: toB64u(await peekKey(tokenKey)) };
}

/** Deletes what this device keeps about the secret. */
export async function forget(visit: Visit): Promise<void> {
  visit.keys = null;
  await visit.store.forget(visit.id);
}

/** Deletes the key material; the device stays: the next try is not another device's, and a bound one may come back. */
export async function forgetAttempt(visit: Visit): Promise<void> {
  if (visit.keys) visit.keys = { ...visit.keys, ikm: null };
  await visit.store.forgetAttempt(visit.id);
}

/**
 * Adds what this device learned to what it keeps. Where the browser refuses, it is kept as long as the page, and
 * `durable` says so.
 */
export async function learn(visit: Visit, learned: Learned): Promise<void> {
  try {
    visit.keys = await visit.store.learn(visit.id, learned);
  } catch {
    const { keys } = visit;
    visit.keys = keys && { ...keys, device: { ...keys.device, ...learned } };
    visit.store = memoryStore(visit.keys);
    visit.durable = false;
  }
}

/**
 * Looks, takes nothing. With stored keys the answer also says how this device's claim stands (`yours`) and brings a
 * challenge; keys whose claim has ended go, unless
 * the secret is bound to them.
 */
export async function peek(visit: Visit, again = false): Promise<PeekAnswer> {
  const answer = await post(visit.caller, 'peek', {
    id: visit.id,
    ...(await peekProof(visit)),
    ...(visit.keys && { thumbprint: visit.keys.thumbprint }),
  });
  visit.challenge = answer.challenge;
  const { kind, state, yours } = answer;
  // Another tab confirmed while the server was reading, first the secret and then the claim: what is bound stays.
  const between = kind === 'device_bound' && yours === 'acked' && state === 'draining';
  if (between && !again) return peek(visit, true);
  if (yours && yours !== 'open' && !answer.bound && !between) await forget(visit);
  return answer;
}
