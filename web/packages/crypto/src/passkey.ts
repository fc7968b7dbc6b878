import { thumbprint, type Device } from './device.ts';
import { concat, ensure, equal, fromB64u, lp, Refused, toB64u, type Bytes } from './encoding.ts';
import { baseKey, derive, deriveAes, label } from './keys.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const [SCALAR, POINT, KEY, HEADER, NONCE, TAG] = [32, 65, 32, 55, 12, 16];
/** Nonce, what is copied, and its tag. */
const COPY_BYTES = NONCE + SCALAR + POINT + KEY + HEADER + TAG;

/** A device whose pair can still be copied: its scalar, until that is overwritten. */
export interface Copyable {
  device: Device;
  scalar: Bytes;
}

/** The pair as a device keeps it: nothing reads the private half again. */
async function importDevice(scalar: Bytes, publicKey: Bytes): Promise<Device> {
  const [x, y] = [toB64u(publicKey.slice(1, 33)), toB64u(publicKey.slice(33))];
  const jwk = { kty: 'EC', crv: 'P-256', d: toB64u(scalar), x, y };
  return { privateKey: await crypto.subtle.importKey('jwk', jwk, P256, false, ['sign']), publicKey };
}

/** A new pair, together with what a copy of it needs. */
export async function newCopyable(): Promise<Copyable> {
  const pair = await crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const [{ d }, point] = await Promise.all([
    crypto.subtle.exportKey('jwk', pair.privateKey),
    crypto.subtle.exportKey('raw', pair.publicKey),
  ]);
  const scalar = fromB64u(d ?? '', SCALAR);
  return { device: await importDevice(scalar, new Uint8Array(point)), scalar };
}

/** What the passkey's function is asked for, 32 bytes. It depends on the link, so that a passkey alone gives nothing. */
export function passkeySalt(tokenKey: CryptoKey, id: Bytes): Promise<Bytes> {
  return derive(tokenKey, id, label('passkey-salt'));
}

async function cipher(prf: CryptoKey, id: Bytes, device: Bytes, iv: Bytes): Promise<[AesGcmParams, CryptoKey]> {
  const additionalData = concat(lp(label('passkey')), id, device);
  return [{ name: 'AES-GCM', iv, additionalData }, await deriveAes(prf, id, label('passkey'))];
}

export interface CopyInput {
  /** HKDF base key of what the passkey's function gave. */
  prf: CryptoKey;
  id: Bytes;
  copyable: Copyable;
  /** The content key's 32 bytes. */
  cek: Bytes;
  header: Bytes;
}

/** Seals device, content key and header to a passkey whose user handle is the device's thumbprint; 212 bytes. */
export async function sealCopy(input: CopyInput, nonce = crypto.getRandomValues(new Uint8Array(NONCE))): Promise<Bytes> {
  const { device, scalar } = input.copyable;
  const copied = concat(scalar, device.publicKey, input.cek, input.header);
  const [aes, key] = await cipher(input.prf, input.id, await thumbprint(device.publicKey), nonce);
  const sealed = await crypto.subtle.encrypt(aes, key, copied);
  copied.fill(0);
  return concat(nonce, new Uint8Array(sealed));
}

/** What a bound device needs to come back. */
export interface Copied {
  device: Device;
  /** HKDF base key of the content key. */
  cek: CryptoKey;
  header: Bytes;
}

/** Opens a copy with a passkey whose user handle is `handle`, or refuses with `passkey`. */
export async function openCopy(copy: Bytes, prf: CryptoKey, id: Bytes, handle: Bytes): Promise<Copied> {
  ensure(copy.length === COPY_BYTES, 'passkey');
  let copied: Bytes;
  try {
    const [aes, key] = await cipher(prf, id, handle, copy.slice(0, NONCE));
    copied = new Uint8Array(await crypto.subtle.decrypt(aes, key, copy.slice(NONCE)));
  } catch {
    throw new Refused('passkey');
  }
  const publicKey = copied.slice(SCALAR, SCALAR + POINT);
  ensure(equal(await thumbprint(publicKey), handle), 'passkey');
  const rest = copied.subarray(SCALAR + POINT);
  const opened = {
    device: await importDevice(copied.subarray(0, SCALAR), publicKey),
    cek: await baseKey(rest.subarray(0, KEY)),
    header: rest.slice(KEY),
  };
  copied.fill(0);
  return opened;
}
