import type { Bytes } from './encoding.ts';
import type { Argon2id, Argon2Params } from './passphrase.ts';

export interface StretchJob {
  password: Bytes;
  salt: Bytes;
  params: Argon2Params;
}

/**
 * Argon2id in a worker of its own per call. The page makes the worker (its URL passes the page's Trusted Types policy)
 * from the entry `@waxseal/crypto/argon2-worker`.
 */
export function argon2InWorker(start: () => Worker): Argon2id {
  return (password, salt, params) =>
    new Promise((resolve, reject) => {
      const worker = start();
      const end = (settle: () => void) => {
        worker.terminate();
        settle();
      };
      worker.onmessage = ({ data }: MessageEvent<Bytes>) => end(() => resolve(data));
      worker.onerror = () => end(() => reject(new Error('the passphrase worker failed')));
      worker.postMessage({ password, salt, params } satisfies StretchJob);
    });
}
