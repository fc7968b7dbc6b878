import { argon2InWorker } from '@waxseal/crypto';
import { scriptUrl } from './scripts.ts';

/** Argon2id in a worker that is loaded when a passphrase is first used. */
export const argon2id = argon2InWorker(() => new Worker(scriptUrl('argon2'), { type: 'module' }));
