import {
  baseKey,
  fromB64u,
  isRefused,
  newCopyable,
  openCopy,
  passkeySalt,
  sealCopy,
  thumbprint,
  toB64u,
  unwrapBytes,
  type Bytes,
  type Copyable,
} from '@waxseal/crypto';
import { StorageRefused, type Shown } from './claim.ts';
import { memoryStore, type DeviceRecord } from './store.ts';
import { learn, peek, type Visit } from './visit.ts';

/** `docs/protocol.md` §12. The user is verified each time: without, a passkey computes another function. */
const USER_VERIFICATION = 'required';
const CHALLENGE_BYTES = 32;

/**
 * Why a passkey did not serve: `cancelled`, by the person or the browser; `unable`: it computes no function, or not this
 * one; `wrong`: it is another secret's; `begun`: this browser has begun to open the secret before, with keys that nothing
 * copies any more.
 */
export type PasskeyTrouble = 'cancelled' | 'unable' | 'wrong' | 'begun';

export class PasskeyRefused extends Error {
  override readonly name = 'PasskeyRefused';
  declare readonly trouble: PasskeyTrouble;

  constructor(trouble: PasskeyTrouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/** What a passkey is called where its owner finds it later. */
export interface PasskeyNames {
  organization: string;
  secret: string;
}

/** A passkey that was made for a secret, before that was opened. */
export interface Prepared {
  readonly prf: CryptoKey;
  readonly copyable: Copyable;
}

/** Whether this browser can very likely make a passkey that keeps a copy. Asks nobody. */
export async function canCopy(): Promise<boolean> {
  try {
    const { getClientCapabilities, isUserVerifyingPlatformAuthenticatorAvailable: isAvailable } = PublicKeyCredential;
    const capabilities = await getClientCapabilities.call(PublicKeyCredential);
    return capabilities['extension:prf'] === true && (await isAvailable.call(PublicKeyCredential));
  } catch {
    return false;
  }
}

/** The relying party's id: this host, and no domain above it, whose other pages must not use the passkey. */
const hostOf = ({ link }: Visit) => new URL(link.origin).hostname;

/** Asks the browser. Whatever it refuses for, it tells little: who would not, and what was not there, look alike. */
async function ask(question: Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await question.catch(() => null);
  if (!credential) throw new PasskeyRefused('cancelled');
  return credential as PublicKeyCredential;
}

/** HKDF base key of what the passkey computed, if it did. */
async function computedBy(credential: PublicKeyCredential): Promise<CryptoKey | null> {
  const first = credential.getClientExtensionResults().prf?.results?.first as ArrayBuffer | undefined;
  return first ? baseKey(new Uint8Array(first)) : null;
}

/** Nobody verifies what a passkey signs: that it computes the function is the proof. */
const challenge = () => crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES));

async function compute(visit: Visit, first: Bytes, allowCredentials: PublicKeyCredentialDescriptor[]): Promise<PublicKeyCredential> {
  const extensions = { prf: { eval: { first } } };
  const publicKey = { rpId: hostOf(visit), challenge: challenge(), allowCredentials, userVerification: USER_VERIFICATION, extensions } as const;
  return ask(navigator.credentials.get({ publicKey }));
}

async function create(visit: Visit, handle: Bytes, names: PasskeyNames, first: Bytes): Promise<PublicKeyCredential> {
  const publicKey: PublicKeyCredentialCreationOptions = {
    rp: { id: hostOf(visit), name: names.organization },
    user: { id: handle, name: names.secret, displayName: names.secret },
    challenge: challenge(),
    pubKeyCredParams: [
      { type: 'public-key', alg: -7 },
      { type: 'public-key', alg: -257 },
    ],
    // Found again by a browser that has forgotten everything.
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: USER_VERIFICATION },
    extensions: { prf: { eval: { first } } },
  };
  return ask(navigator.credentials.create({ publicKey }));
}

/**
 * In the gesture and before the claim: makes a passkey for this secret, and the device that it will hold a copy of.
 * Nothing is taken. Throws `PasskeyRefused`, and then nothing is stored either.
 */
export async function prepare(visit: Visit, names: PasskeyNames): Promise<Prepared> {
  if (visit.keys) throw new PasskeyRefused('begun');
  const [copyable, salt] = await Promise.all([newCopyable(), passkeySalt(visit.tokenKey, visit.link.id)]);
  const { publicKey } = copyable.device;
  const handle = await thumbprint(publicKey);
  const made = await create(visit, handle, names, salt);
  let prf = await computedBy(made);
  if (!prf && made.getClientExtensionResults().prf?.enabled) {
    // Some passkeys compute only when they are asked for what they are.
    prf = await computedBy(await compute(visit, salt, [{ type: 'public-key', id: made.rawId }]));
  }
  if (!prf) throw new PasskeyRefused('unable');
  const keys = await visit.store.keep(visit.id, { ...copyable.device, tokenKey: visit.tokenKey }, null).catch(() => null);
  if (!keys) throw new PasskeyRefused('unable');
  visit.keys = keys;
  // Another tab was faster: what counts is its device.
  if (keys.thumbprint !== toB64u(handle)) throw new PasskeyRefused('begun');
  return { prf, copyable };
}

/** Whether this device is the one that the passkey was made for. */
export function belongs({ copyable }: Prepared, { keys }: Visit): boolean {
  return !!keys && toB64u(keys.device.publicKey) === toB64u(copyable.device.publicKey);
}

/**
 * After the claim and before its acknowledgement: seals the copy, and stores it so that the acknowledgement takes it
 * along, also after a reload. From here on nothing can be copied any more. False: no copy is made.
 */
export async function copyInto(visit: Visit, { sealed }: Shown, prepared: Prepared): Promise<boolean> {
  if (!belongs(prepared, visit)) return false;
  const cek = await unwrapBytes(sealed, sealed.wrappedKey);
  const copy = await sealCopy({ ...prepared, ...sealed, cek });
  for (const secret of [cek, prepared.copyable.scalar]) secret.fill(0);
  await learn(visit, { copy: toB64u(copy) });
  return true;
}

/** Whether the secret is still bound to the device of a copy. Looks from memory: nothing that is stored changes. */
async function isBoundTo(visit: Visit, record: DeviceRecord): Promise<boolean> {
  const store = memoryStore();
  const keys = await store.keep(visit.id, record, null);
  return (await peek({ ...visit, store, keys })).bound !== null;
}

/**
 * Brings the device back from its copy: the same key pair, so for the server it is the device that the secret is bound
 * to. Stores nothing if that device has handed the secret over by now, perhaps to this very browser.
 * Throws `PasskeyRefused`, and then nothing has changed, or `StorageRefused` where this browser keeps nothing.
 */
export async function restore(visit: Visit, copy: string): Promise<void> {
  const salt = await passkeySalt(visit.tokenKey, visit.link.id);
  const used = await compute(visit, salt, []);
  const prf = await computedBy(used);
  if (!prf) throw new PasskeyRefused('unable');
  const { userHandle } = used.response as AuthenticatorAssertionResponse;
  const handle = new Uint8Array(userHandle ?? []);
  const copied = openCopy(fromB64u(copy), prf, visit.link.id, handle);
  const { device, cek, header } = await copied.catch((error: unknown) => {
    throw isRefused(error) ? new PasskeyRefused('wrong') : error;
  });
  const record = { ...device, tokenKey: visit.tokenKey, kept: { cek, header } };
  if (!(await isBoundTo(visit, record))) return;
  try {
    // A device that only asked for a hand-over makes room for the one that has the secret.
    await visit.store.forget(visit.id);
    visit.keys = await visit.store.keep(visit.id, record, null);
  } catch {
    throw new StorageRefused();
  }
}
