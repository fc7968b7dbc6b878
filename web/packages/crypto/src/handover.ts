import { concat, ensure, lp, Refused, type Bytes } from './encoding.ts';
import { suite } from './hpke.ts';
import { label } from './keys.ts';

const POINT_BYTES = 65;
/** A sealed part key: the point, the 32 bytes and their tag. */
const KEYS_BYTES = POINT_BYTES + 48;

/** Which secret goes from which device to which. */
export interface Handover {
  /** The secret's id, 16 bytes. */
  id: Bytes;
  /** Thumbprint of the device that gives, 32 bytes. */
  from: Bytes;
  /** Thumbprint of the device that gets, 32 bytes. */
  to: Bytes;
}

/** The key pair that a device receives with. Its private half cannot be read. */
export async function newReceiver(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
}

/** The receiving key as the wire has it, 65 bytes. */
export async function receiverPoint({ publicKey }: CryptoKeyPair): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
}

function handoverInfo({ id, from, to }: Handover): Bytes {
  return concat(lp(label('handover')), id, from, to);
}

/** Seals the manifest's part key (32 bytes) to the device that asked; 113 bytes. */
export async function sealHandover(
  handover: Handover,
  receive: Bytes,
  partKey: Bytes,
  ephemeral?: CryptoKeyPair,
): Promise<Bytes> {
  const context = await suite.createSenderContext({
    recipientPublicKey: await suite.kem.deserializePublicKey(receive),
    info: handoverInfo(handover),
    ...(ephemeral && { ekm: ephemeral }),
  });
  return concat(new Uint8Array(context.enc), new Uint8Array(await context.seal(partKey)));
}

/** The part key that was handed over, or refuses with `handover`. */
export async function openHandover(handover: Handover, receiver: CryptoKeyPair, keys: Bytes): Promise<Bytes> {
  ensure(keys.length === KEYS_BYTES, 'handover');
  try {
    const context = await suite.createRecipientContext({
      recipientKey: receiver,
      enc: keys.slice(0, POINT_BYTES),
      info: handoverInfo(handover),
    });
    return new Uint8Array(await context.open(keys.slice(POINT_BYTES)));
  } catch {
    throw new Refused('handover');
  }
}
