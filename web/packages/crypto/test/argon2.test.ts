import { expect, it, vi } from 'vitest';
import { argon2id } from '../src/argon2.ts';
import { argon2InWorker, type StretchJob } from '../src/argon2.client.ts';
import { utf8 } from '../src/encoding.ts';

vi.setConfig({ testTimeout: 60_000 });

const PARAMS = { m_kib: 19_456, t: 2, p: 1 };

/** A worker double that runs the job where it is. */
function fakeWorker(answer: (job: StretchJob) => Promise<unknown>, log: string[]): Worker {
  const worker = {
    onmessage: (_: object) => {},
    onerror: (_: object) => {},
    postMessage: (job: StretchJob) =>
      answer(job).then(
        (data) => worker.onmessage({ data }),
        () => worker.onerror({}),
      ),
    terminate: () => log.push('ended'),
  };
  return worker as unknown as Worker;
}

it('the worker gives what Argon2id gives, and is ended', async () => {
  const log: string[] = [];
  const inWorker = argon2InWorker(() => fakeWorker((job) => argon2id(job.password, job.salt, job.params), log));
  const [password, salt] = [utf8('p'), new Uint8Array(32)];
  expect(await inWorker(password, salt, PARAMS)).toEqual(await argon2id(password, salt, PARAMS));
  expect(log).toEqual(['ended']);
});

it('a worker that fails is ended and reported', async () => {
  const log: string[] = [];
  const inWorker = argon2InWorker(() => fakeWorker(() => Promise.reject(new Error('no memory')), log));
  await expect(inWorker(utf8('p'), new Uint8Array(32), PARAMS)).rejects.toThrow('worker failed');
  expect(log).toEqual(['ended']);
});
