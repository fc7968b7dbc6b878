import { fromB64u, isRefused, readChannelConfig, sealRequest, type ChannelKey, type SealedRequest } from '@waxseal/crypto';
import { problemOf } from './answer.ts';
import { noChannel, Problem } from './problem.ts';
import type { ChannelAnswer } from './types.ts';

/**
 * What seals every request inside TLS (`docs/protocol.md` §11). There is no way around it: where the server's key cannot
 * be had, or an answer is not sealed, a request fails with `no-channel`.
 */
export interface Channel {
  seal(path: string, body: string): Promise<SealedRequest>;
  /** Takes the key that the server named because it no longer has the last one. */
  renew(answer: ChannelAnswer): void;
}

/** Until the server's key must be here; a few hundred bytes. */
const TIMEOUT_MS = 30_000;

/** A channel to the origin. Its key is asked for with the first request, and again after a failure. */
export function openChannel(origin: string, fetch = globalThis.fetch): Channel {
  let key: Promise<ChannelKey> | null = null;
  const read = ({ config }: ChannelAnswer) => readChannelConfig(fromB64u(config), new URL(origin).host);
  const ask = async (): Promise<ChannelKey> => {
    try {
      return await read(await fetchConfig(origin, fetch));
    } catch (error) {
      key = null;
      throw isRefused(error) ? noChannel() : error;
    }
  };
  return {
    seal: async (path, body) => sealRequest(await (key ??= ask()), path, body),
    renew: (answer) => {
      key = read(answer).catch(() => {
        key = null;
        throw noChannel();
      });
    },
  };
}

/** The shell preloads this address, so the request is made as the preload is: with nothing of its own. */
async function fetchConfig(origin: string, fetch: typeof globalThis.fetch): Promise<ChannelAnswer> {
  let response: Response;
  try {
    response = await fetch(`${origin}/v1/channel`, { credentials: 'same-origin', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new Problem(null);
  }
  // Busy passes; a server that has no such address, or a page of something in between, does not.
  if (response.status === 429 || response.status >= 500) throw await problemOf(response);
  const answer = (await response.json().catch(() => null)) as ChannelAnswer | null;
  if (!response.ok || typeof answer?.config !== 'string') throw noChannel();
  return answer;
}
