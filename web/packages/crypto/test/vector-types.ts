import { readFileSync } from 'node:fs';
import type { Argon2Params, Kind, RefusedCode, SealedBy } from '../src/index.ts';

/** The members of `tests/vectors/README.md`. */
export interface SealInputVector {
  host: string;
  token: string;
  receipt: string;
  cek: string;
  manifest_salt: string;
  wrap_nonce: string;
  kind: Kind;
  passphrase: string | null;
  params: Argon2Params | null;
  policy: string;
  text: string;
  text_repeat: number | null;
}

export interface SealOutputVector {
  link: string;
  receipt_link: string;
  id: string;
  rid: string;
  peek: string;
  peek_sha256: string;
  passphrase_nfkc: string | null;
  pw_salt: string | null;
  pw: string | null;
  ikm: string;
  wrap: string;
  claim: string;
  commit: string;
  ack: string;
  ack_sha256: string;
  receipt_sha256: string;
  header: string;
  wrapped_key: string;
  content: string;
}

export interface SealVector {
  name: string;
  input: SealInputVector;
  output: SealOutputVector;
}

export interface StreamVector {
  name: string;
  cek: string;
  salt: string;
  index: number;
  plaintext_bytes: number;
  part_key: string;
  sealed: string;
}

export interface RefuseVector {
  name: string;
  expect: RefusedCode;
  link: string;
  passphrase: string | null;
  params: Argon2Params | null;
  sealed: SealedBy;
  policy: string;
  header: string;
  wrapped_key: string;
  content: string;
}

export interface PadmeVector {
  name: string;
  body_bytes: number;
  plaintext_bytes: number;
}

export interface DeviceVector {
  name: string;
  private_key: string;
  public_key: string;
  thumbprint: string;
  origin: string;
  path: string;
  body: string;
  challenge: string;
  content_digest: string;
  signature_input: string;
  signature: string;
  base: string;
  valid: boolean;
}

export interface ChannelVector {
  name: string;
  /** The side that refuses; null if both open. */
  expect: 'request' | 'answer' | null;
  host: string;
  path: string;
  private_key: string;
  public_key: string;
  key_id: string;
  ikm: string;
  salt: string;
  body: string;
  records: string[];
  request: string;
  answer: string;
}

export interface HandoverVector {
  name: string;
  expect: 'keys' | null;
  id: string;
  from: string;
  to: string;
  receive_private: string;
  receive: string;
  nonce: string;
  ikm: string;
  part_key: string;
  code: string;
  keys: string;
}

export interface BoundVector {
  name: string;
  expect: RefusedCode | null;
  id: string;
  cek: string;
  part_key: string;
  header: string;
  content: string;
  text: string;
}

export interface PasskeyVector {
  name: string;
  expect: 'passkey' | null;
  token: string;
  id: string;
  private_key: string;
  public_key: string;
  thumbprint: string;
  cek: string;
  header: string;
  prf: string;
  nonce: string;
  salt: string;
  copy: string;
}

/** Rust's alone: browsers read a configuration and have no use for its signature. */
export interface ConfigVector {
  name: string;
  expect: 'signature' | 'host' | 'malformed' | null;
  host: string;
  public_key: string;
  key_id: string;
  config: string;
}

export interface Vectors {
  seal: SealVector[];
  stream: StreamVector[];
  refuse: RefuseVector[];
  padme: PadmeVector[];
  device: DeviceVector[];
  channel: ChannelVector[];
  handover: HandoverVector[];
  bound: BoundVector[];
  passkey: PasskeyVector[];
}

export const FOLDERS = ['rust', 'ts'] as const;

export function vectorPath(folder: (typeof FOLDERS)[number], name: keyof Vectors | 'config'): URL {
  return new URL(`../../../../tests/vectors/${folder}/${name}.json`, import.meta.url);
}

export function readVectors<N extends keyof Vectors>(folder: (typeof FOLDERS)[number], name: N): Vectors[N] {
  return JSON.parse(readFileSync(vectorPath(folder, name), 'utf8')) as Vectors[N];
}

export function readConfigs(): ConfigVector[] {
  return JSON.parse(readFileSync(vectorPath('rust', 'config'), 'utf8')) as ConfigVector[];
}
