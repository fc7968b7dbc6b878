import { argon2InWorker } from '@waxseal/crypto';

/** The one Trusted Types policy of these pages. Whatever it is asked for, it knows one script only: a constant. */
const policy = window.trustedTypes?.createPolicy('waxseal', { createScriptURL: () => ARGON2_WORKER });

/** Argon2id in a worker that is loaded when a passphrase is first used. */
export const argon2id = argon2InWorker(
  () => new Worker((policy?.createScriptURL('') ?? ARGON2_WORKER) as string, { type: 'module' }),
);
