import { argon2id } from './argon2.ts';
import type { StretchJob } from './argon2.client.ts';

/** The whole worker: one job, one answer. Its owner ends it, which is also what frees Argon2's memory. */
self.onmessage = async ({ data: { password, salt, params } }: MessageEvent<StretchJob>) => {
  self.postMessage(await argon2id(password, salt, params));
};
