import { argon2id as hashWasm } from 'hash-wasm';
import type { Argon2id } from './passphrase.ts';

/**
 * Argon2id in WebAssembly. Its own entry, so that only who needs a passphrase loads it (12 kB). It blocks its thread
 * for about a second: load it in a worker, under `script-src 'self' 'wasm-unsafe-eval'`.
 */
export const argon2id: Argon2id = async (password, salt, { m_kib, t, p }) =>
  Uint8Array.from(
    await hashWasm({
      password,
      salt,
      memorySize: m_kib,
      iterations: t,
      parallelism: p,
      hashLength: 32,
      outputType: 'binary',
    }),
  );
