import { ensure, equal, fromUtf8, type Bytes } from './encoding.ts';
import { decodeHeader } from './header.ts';
import { derive, importAes, partInfo, partKey } from './keys.ts';
import { decodeManifest } from './manifest.ts';
import type { Policy } from './policy.ts';
import { MANIFEST, openStream } from './stream.ts';
import { ackPreimage, commitment, unwrap } from './wrap.ts';

/** What a claim delivers, and the keys it is opened with. */
export interface OpenInput {
  /** HKDF base key of the input key material. */
  ikm: CryptoKey;
  id: Bytes;
  header: Bytes;
  policy: Bytes;
  wrappedKey: Bytes;
  content: Bytes;
}

export interface Opened {
  text: string;
  /** The sender's rules, as the sender wrote them. */
  policy: Policy;
  /** To be revealed once the text is shown, 32 bytes. */
  ack: Bytes;
  /** HKDF base key of the content key: what a device keeps that may come back. */
  cek: CryptoKey;
}

/** Opens a text, or refuses with `header`, `unwrap`, `commit`, `content` or `manifest`: the first check that fails. */
export async function open({ ikm, id, header, policy, wrappedKey, content }: OpenInput): Promise<Opened> {
  const cek = await unwrap({ ikm, id, header, policy }, wrappedKey);
  const text = await openKept({ cek, id, header, content });
  // The wrapped key is bound to these bytes, so they are the sender's and the server cannot have changed them.
  return { text, policy: JSON.parse(fromUtf8(policy)) as Policy, ack: await ackPreimage(cek, id), cek };
}

export type KeptInput = Pick<OpenInput, 'id' | 'header' | 'content'> & Pick<Opened, 'cek'>;

/** Opens the text again with the content key that this device kept. Refuses with `header`, `commit`, `content`, `manifest`. */
export async function openKept({ cek, id, header, content }: KeptInput): Promise<string> {
  const { salt, commit } = decodeHeader(header);
  ensure(equal(commit, await commitment(cek, id)), 'commit');
  return decodeManifest(await openStream(await partKey(cek, salt, MANIFEST), content));
}

/** The manifest's part key, 32 bytes: all that a hand-over gives away of the content key. */
export function manifestKey(cek: CryptoKey, header: Bytes): Promise<Bytes> {
  return derive(cek, decodeHeader(header).salt, partInfo(MANIFEST));
}

export interface HandedInput {
  /** 32 bytes. */
  partKey: Bytes;
  content: Bytes;
}

/** Opens the text with a part key that another device handed over. Refuses with `content` or `manifest`. */
export async function openHanded({ partKey, content }: HandedInput): Promise<string> {
  return decodeManifest(await openStream(await importAes(partKey), content));
}
