import { CHANNEL_TYPE, type Bytes, type SealedRequest } from '@waxseal/crypto';
import { openedWhole, problemOf } from './answer.ts';
import type { Channel } from './channel.ts';
import { isProblem, Problem } from './problem.ts';
import type { Routes } from './types.ts';

/** What a request needs beside its body. */
export interface Caller {
  /** Scheme, host and port of the secret's host. */
  origin: string;
  channel: Channel;
  fetch?: typeof globalThis.fetch | undefined;
  /** Milliseconds until an answer must be complete; 30 seconds, or 2 minutes for routes that carry content. */
  timeoutMs?: number;
  /** The page's language, which the person may have chosen against the browser's. */
  language?: string | undefined;
  signal?: AbortSignal | undefined;
}

export type Route = keyof Routes;
export type Body<R extends Route> = Routes[R][0];
export type Answer<R extends Route> = Routes[R][1];

/** The headers with which a device signs a request, from its URL and the exact bytes that are sent. */
export type Sign = (url: string, body: Bytes) => Promise<object>;

/** A request that was sent sealed, and the response that came back. */
export interface Sent {
  sealed: SealedRequest;
  response: Response;
}

/**
 * Seals and sends a POST and gives the response as it is. Nothing about a secret is cached, no other origin learns where
 * it came from, and a redirect is an error: it could carry the body elsewhere.
 */
async function sendOnce(caller: Caller, route: Route, body: string, sign?: Sign): Promise<Sent> {
  const { origin, channel, fetch = globalThis.fetch, language, signal } = caller;
  const path = `/v1/secrets/${route}`;
  const url = origin + path;
  const sealed = await channel.seal(path, body);
  const response = await fetch(url, {
    method: 'POST',
    body: sealed.body,
    headers: {
      'Content-Type': CHANNEL_TYPE,
      ...(language && { 'Accept-Language': language }),
      ...(await sign?.(url, sealed.body)),
    },
    cache: 'no-store',
    credentials: 'same-origin',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
    signal: signal ?? null,
  });
  return { sealed, response };
}

/**
 * Sends, and once more if the server no longer has the key it was sealed to: the refusal brings the key of today.
 * Throws the `Problem` of an answer that is not a success.
 */
export async function send(caller: Caller, route: Route, body: string, sign?: Sign): Promise<Sent> {
  for (let renewed = false; ; renewed = true) {
    const sent = await sendOnce(caller, route, body, sign);
    if (sent.response.ok) return sent;
    const problem = await problemOf(sent.response, sent.sealed);
    const channel = isProblem(problem, 'channel-key') && problem.document?.channel;
    if (!channel || renewed) throw problem;
    caller.channel.renew(channel);
  }
}

/** These carry up to 1.4 MB one way, which a slow phone needs its time for. */
const CARRY_CONTENT: Route[] = ['create', 'claim', 'recover', 'open'];

/** The caller's signal, or the timeout's, whichever comes first (`AbortSignal.any` is too young for Safari 16). */
function deadline(signal: AbortSignal | undefined, ms: number): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  const timer = setTimeout(abort, ms);
  const done = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
  return { signal: controller.signal, done };
}

/** Sends a body, signed by a device if `sign` is given. Throws a `Problem`, or the caller's own abort. */
export async function post<R extends Route>(
  caller: Caller,
  route: R,
  body: Body<R>,
  sign?: Sign,
): Promise<Answer<R>> {
  const { timeoutMs = CARRY_CONTENT.includes(route) ? 120_000 : 30_000 } = caller;
  const { signal, done } = deadline(caller.signal, timeoutMs);
  try {
    const { sealed, response } = await send({ ...caller, signal }, route, JSON.stringify(body), sign);
    return (await openedWhole(sealed, response)) as Answer<R>;
  } catch (error) {
    if (isProblem(error)) throw error;
    caller.signal?.throwIfAborted();
    throw new Problem(null);
  } finally {
    done();
  }
}
