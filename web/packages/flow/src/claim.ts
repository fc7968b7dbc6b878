import {
  baseKey,
  checkParams,
  claimKey,
  fromB64u,
  open,
  plainIkm,
  isRefused,
  Refused,
  toB64u,
  type Argon2id,
  type Opened,
  type OpenInput,
  stretch,
} from '@waxseal/crypto';
import { isProblem, type Claim, type PeekAnswer } from '@waxseal/api';
import { recoverClaim, signed } from './signed.ts';
import { memoryStore, newDeviceRecord, type Keys } from './store.ts';
import { forget, forgetAttempt, peek, peekProof, type Visit } from './visit.ts';

/** Pauses in milliseconds before asking again whether a claim with a lost answer arrived. */
export const PAUSES = [500, 2_000, 5_000];

/** The browser kept nothing although it seemed to. Nothing was taken; the same gesture again goes on in memory. */
export class StorageRefused extends Error {}

/** A text on the screen, and what its acknowledgement needs. */
export interface Shown extends Opened {
  /** The claim's id. */
  claim: string;
  /** As it was delivered. */
  sealed: OpenInput;
  /** The largest counter used so far. */
  counter: number;
  keys: Keys;
}

export interface Passphrase {
  text: string;
  /** Usually `argon2InWorker(…)`. */
  argon2id: Argon2id;
}

async function keyMaterial({ link, tokenKey }: Visit, look: PeekAnswer, passphrase?: Passphrase): Promise<CryptoKey> {
  const { token, id } = link;
  if (!token) throw new Refused('link-malformed');
  if (!look.passphrase) return baseKey(plainIkm(token));
  if (!passphrase) throw new Refused('passphrase');
  const { text, argon2id } = passphrase;
  return baseKey(await stretch({ token, tokenKey, id, passphrase: text, params: look.passphrase, argon2id }));
}

/** Stores before anything is taken: from here on a reload, a crash or a lost answer loses nothing. */
async function keep(visit: Visit, ikm: CryptoKey): Promise<void> {
  const device = visit.keys?.device ?? (await newDeviceRecord(visit.tokenKey));
  try {
    visit.keys = await visit.store.keep(visit.id, device, ikm);
  } catch {
    visit.store = memoryStore();
    visit.durable = false;
    throw new StorageRefused();
  }
}

/** Peeks, then recovers what this device has or, with `ikm`, claims it. Null: nothing is open for this device. */
async function fetchClaim(visit: Visit, ikm: CryptoKey | null): Promise<Claim | null> {
  const { yours, bound } = await peek(visit);
  // Another tab of this device was faster, and the secret is bound to it by now.
  if (!visit.keys || bound) return null;
  if (yours === 'open') return recoverClaim(visit, visit.keys);
  if (!ikm) return null;
  const claim_key = toB64u(await claimKey(ikm, visit.link.id));
  return (await signed(visit, visit.keys, 'claim', { ...(await peekProof(visit)), claim_key })).claim;
}

/** Between a look and a claim another tab of this device may have bound the secret to the keys that both share. */
async function forgetUnlessBound(visit: Visit): Promise<void> {
  const look = await peek(visit).catch(() => null);
  if (look && !look.yours) await forget(visit);
}

/** A lost answer leaves open whether the view was taken: the next peek tells, and the same device may ask again. */
async function fetchSurely(visit: Visit, ikm: CryptoKey | null): Promise<Claim | null> {
  for (const pause of [...PAUSES, null]) {
    try {
      return await fetchClaim(visit, ikm);
    } catch (error) {
      if (isProblem(error, 'wrong-key')) await forgetAttempt(visit);
      if (isProblem(error, 'gone')) await forgetUnlessBound(visit);
      if (pause === null || !isProblem(error, 'no-answer')) throw error;
      await visit.wait(pause);
    }
  }
  return null;
}

async function unseal(visit: Visit, keys: Keys, ikm: CryptoKey, claim: Claim | null): Promise<Shown | null> {
  if (!claim) return null;
  const sealed = {
    ikm,
    id: visit.link.id,
    header: fromB64u(claim.header),
    policy: fromB64u(claim.policy),
    wrappedKey: fromB64u(claim.wrapped_key),
    content: fromB64u(claim.content),
  };
  try {
    return { ...(await open(sealed)), sealed, claim: claim.id, counter: claim.counter, keys };
  } catch (error) {
    // Another tab claimed with the right passphrase and this one has a wrong one: the claim stays open, ask again.
    if (isRefused(error) && error.code === 'unwrap') await forgetAttempt(visit);
    throw error;
  }
}

/**
 * The gesture: makes and stores the keys, takes one view (or finds the one this device has), opens it. Null means that
 * this device's claim has ended, or that another tab has bound the secret to this device: peek again and show the state; another gesture starts anew.
 *
 * Throws `Problem` (`wrong-key`, `held-back`, `locked`, `gone`, `no-answer`, …), `Refused` (`passphrase`, `params`,
 * `unwrap`, …) or `StorageRefused`. After success the caller takes the fragment out of the address bar.
 */
export async function claim(visit: Visit, look: PeekAnswer, passphrase?: Passphrase): Promise<Shown | null> {
  if (look.passphrase) checkParams(look.passphrase, look.sealed);
  const ikm = await keyMaterial(visit, look, passphrase);
  await keep(visit, ikm);
  const { keys } = visit;
  return unseal(visit, keys!, ikm, await fetchSurely(visit, ikm));
}

/**
 * Opens again what this device claimed before a reload or a crash: call it when a peek says `yours: "open"`. Takes and
 * counts nothing. Null if the stored keys do not suffice; `claim` with the passphrase then finds the same claim.
 */
export async function recover(visit: Visit): Promise<Shown | null> {
  const { keys } = visit;
  return keys?.ikm ? unseal(visit, keys, keys.ikm, await fetchSurely(visit, null)) : null;
}
