import { Problem, problemOf } from './problem.ts';
import type { Routes } from './types.ts';

/** What a request needs beside its body. Everything but the origin has a default. */
export interface Caller {
  /** Scheme, host and port of the secret's host. */
  origin: string;
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

/** The URL of a route: what a device signs as `@target-uri`. */
export function routeUrl(origin: string, route: Route): string {
  return `${origin}/v1/secrets/${route}`;
}

/**
 * Sends a POST with this exact body and gives the response as it is. Nothing about a secret is cached, no other origin
 * learns where it came from, and a redirect is an error: it could carry the body elsewhere.
 */
export async function send(caller: Caller, route: Route, body: string, headers: object = {}): Promise<Response> {
  const { origin, fetch = globalThis.fetch, language, signal } = caller;
  return fetch(routeUrl(origin, route), {
    method: 'POST',
    body,
    headers: {
      'Content-Type': 'application/json',
      ...(language && { 'Accept-Language': language }),
      ...headers,
    },
    cache: 'no-store',
    credentials: 'same-origin',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
    signal: signal ?? null,
  });
}

/** These carry up to 1.4 MB one way, which a slow phone needs its time for. */
const CARRY_CONTENT: Route[] = ['create', 'claim', 'recover'];

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

/** Sends this exact text, which a device may have signed. Throws a `Problem`, or the caller's own abort. */
export async function postText<R extends Route>(
  caller: Caller,
  route: R,
  body: string,
  headers?: object,
): Promise<Answer<R>> {
  const { timeoutMs = CARRY_CONTENT.includes(route) ? 120_000 : 30_000 } = caller;
  const { signal, done } = deadline(caller.signal, timeoutMs);
  try {
    const response = await send({ ...caller, signal }, route, body, headers);
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as Answer<R>;
  } catch (error) {
    if (error instanceof Problem) throw error;
    caller.signal?.throwIfAborted();
    throw new Problem(null);
  } finally {
    done();
  }
}

/** Sends a body to its route and gives the route's answer. */
export function post<R extends Route>(caller: Caller, route: R, body: Body<R>): Promise<Answer<R>> {
  return postText(caller, route, JSON.stringify(body));
}
