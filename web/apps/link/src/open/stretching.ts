import { argon2InWorker, type Argon2id } from '@waxseal/crypto';
import type { Passphrase } from '@waxseal/flow/open';
import { startArgon2 } from '../shell/argon2.ts';

/** A passphrase with what mixes it into the key. `stretched` is called when that took its time and is over. */
export function given(text: string, stretched: () => void): Passphrase {
  const compute = argon2InWorker(startArgon2);
  const argon2id: Argon2id = async (...job) => {
    const key = await compute(...job);
    stretched();
    return key;
  };
  return { text, argon2id };
}
