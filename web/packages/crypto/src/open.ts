import { fromUtf8, type Bytes } from './encoding.ts';
import { decodeHeader } from './header.ts';
import { partKey } from './keys.ts';
import { decodeManifest } from './manifest.ts';
import type { Policy } from './policy.ts';
import { MANIFEST, openStream } from './stream.ts';
import { ackPreimage, unwrap } from './wrap.ts';

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
}

/** Opens a text, or refuses with `header`, `unwrap`, `commit`, `content` or `manifest`: the first check that fails. */
export async function open({ ikm, id, header, policy, wrappedKey, content }: OpenInput): Promise<Opened> {
  const cek = await unwrap({ ikm, id, header, policy }, wrappedKey);
  const key = await partKey(cek, decodeHeader(header).salt, MANIFEST);
  const text = decodeManifest(await openStream(key, content));
  // The wrapped key is bound to these bytes, so they are the sender's and the server cannot have changed them.
  return { text, policy: JSON.parse(fromUtf8(policy)) as Policy, ack: await ackPreimage(cek, id) };
}
