import { describe, expect, it, vi } from 'vitest';
import { post, postText, type Caller } from '../src/client.ts';
import { isProblem, Problem } from '../src/problem.ts';

const ORIGIN = 'https://secrets.example.com';
const PEEK = { id: 'i', peek: 'p' };

/** A caller whose requests get this response, and what it was asked. */
function calling(respond: () => Response | Promise<Response>, more: Partial<Caller> = {}) {
  const fetch = vi.fn<typeof globalThis.fetch>(async () => respond());
  return { caller: { origin: ORIGIN, fetch, ...more }, asked: () => fetch.mock.calls[0]! };
}

const failure = async (promise: Promise<unknown>) => promise.then(() => null, (error: unknown) => error);

const problem = (body: object, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status: 429,
    headers: { 'Content-Type': 'application/problem+json; charset=utf-8', ...headers },
  });

describe('a request', () => {
  it('is a POST that is neither cached, nor redirected, nor sent with a referrer', async () => {
    const { caller, asked } = calling(() => Response.json({ id: 'i' }), { language: 'ja' });
    expect(await post(caller, 'peek', PEEK)).toEqual({ id: 'i' });
    const [url, init] = asked();
    expect(url).toBe(`${ORIGIN}/v1/secrets/peek`);
    expect(init).toMatchObject({
      method: 'POST',
      body: '{"id":"i","peek":"p"}',
      headers: { 'Content-Type': 'application/json', 'Accept-Language': 'ja' },
      cache: 'no-store',
      credentials: 'same-origin',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
  });

  it('sends a signed text as it is, with its headers', async () => {
    const { caller, asked } = calling(() => Response.json({}));
    await postText(caller, 'claim', '{ "spaces" : 1 }', { Signature: 's' });
    expect(asked()[1]).toMatchObject({ body: '{ "spaces" : 1 }', headers: { Signature: 's' } });
  });
});

describe('a problem', () => {
  it('is the document of the server, with its wait in milliseconds', async () => {
    const { caller } = calling(() => problem({ code: 'held-back', status: 429, tries: { left: 3 } }, { 'Retry-After': '60' }));
    const error = await failure(post(caller, 'peek', PEEK));
    expect(error).toMatchObject({ code: 'held-back', retryAfterMs: 60_000, document: { tries: { left: 3 } } });
    expect(isProblem(error, 'held-back')).toBe(true);
    expect(isProblem(error, 'gone')).toBe(false);
    expect(isProblem(error)).toBe(true);
  });

  it.each([
    ['the network fails', () => Promise.reject(new TypeError('fetch failed'))],
    ['a proxy answers with its own page', () => new Response('<h1>502</h1>', { status: 502, headers: { 'Content-Type': 'text/html' } })],
    ['an answer is cut off', () => new Response('{"id":', { headers: { 'Content-Type': 'application/json' } })],
    ['a problem is cut off', () => new Response('{"co', { status: 403, headers: { 'Content-Type': 'application/problem+json' } })],
    ['a problem has no code', () => problem({ title: 'x' })],
  ])('is no-answer when %s', async (_, respond) => {
    const { caller } = calling(respond);
    const error = await failure(post(caller, 'peek', PEEK));
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ code: 'no-answer' });
  });
});

describe('time', () => {
  /** A server that never answers, but notices when nobody listens any more. */
  const silent = (init?: RequestInit) =>
    new Promise<Response>((_, reject) => {
      const { signal } = init!;
      const leave = () => reject(new Error('aborted'));
      if (signal!.aborted) leave();
      signal!.addEventListener('abort', leave);
    });

  it.each([
    ['peek', 30_000],
    ['recover', 120_000],
  ] as const)('of a %s runs out as no-answer', async (route, ms) => {
    vi.useFakeTimers();
    const caller: Caller = { origin: ORIGIN, fetch: (_, init) => silent(init) };
    const waiting = failure(postText(caller, route, '{}'));
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).toMatchObject({ code: 'no-answer' });
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('leaves neither timer nor listener behind once the answer is here', async () => {
    vi.useFakeTimers();
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    const { caller } = calling(() => Response.json({}), { signal });
    await post(caller, 'peek', PEEK);
    expect(vi.getTimerCount()).toBe(0);
    expect(removed.mock.calls).toEqual(added.mock.calls);
    vi.useRealTimers();
  });

  it('ends with the caller’s own reason when the caller aborts', async () => {
    const controller = new AbortController();
    const caller: Caller = { origin: ORIGIN, fetch: (_, init) => silent(init), signal: controller.signal };
    const waiting = failure(post(caller, 'peek', PEEK));
    controller.abort('left the page');
    expect(await waiting).toBe('left the page');
    expect(await failure(post(caller, 'peek', PEEK))).toBe('left the page');
  });
});
