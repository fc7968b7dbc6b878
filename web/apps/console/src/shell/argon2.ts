import { argon2InWorker } from '@waxseal/crypto';

/** The one Trusted Types policy of the console. It knows one address, a constant of the build, and makes no other. */
const policy = window.trustedTypes?.createPolicy('waxseal', { createScriptURL: () => ARGON2_WORKER });

/** Argon2id in a worker that is loaded when a passphrase is first used. */
export const argon2id = argon2InWorker(
  () => new Worker((policy?.createScriptURL('argon2') ?? ARGON2_WORKER) as string, { type: 'module' }),
);
