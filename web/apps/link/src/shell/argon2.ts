import { scriptUrl } from './scripts.ts';

/** Starts the worker that computes Argon2id. Its script is loaded when a passphrase is first used. */
export const startArgon2 = (): Worker => new Worker(scriptUrl('argon2'), { type: 'module' });
