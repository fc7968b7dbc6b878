import { channelServer, fetchFrom, type Answering } from '@waxseal/crypto/channel-server';
import { describe, expect, it, vi } from 'vitest';
import { openChannel } from '../src/channel.ts';
import { post, type Caller } from '../src/client.ts';
import { isProblem, Problem } from '../src/problem.ts';
import { anyChannel, callerOf, HOST, ORIGIN } from './sealed.ts';

const PEEK = { id: 'i', peek: 'p' };

/** A caller whose requests get this response before anything has opened them. */
async function interrupted(respond: () => Response | Promise<Response>): Promise<Caller> {
  return { origin: ORIGIN, fetch: async () => respond(), channel: await anyChannel() };
}

const failure = async (promise: Promise<unknown>) => promise.then(() => null, (error: unknown) => error);

const problem = (body: object, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status: 429,
    headers: { 'Content-Type': 'application/problem+json; charset=utf-8', ...headers },
  });

describe('a request', () => {
  it('is a sealed POST that is neither cached, nor redirected, nor sent with a referrer', async () => {
    const bodies: string[] = [];
    const caller = await callerOf((body) => {
      bodies.push(body);
      return Response.json({ id: 'i' });
    }, { language: 'ja' });
    const fetch = vi.fn(caller.fetch);
    expect(await post({ ...caller, fetch }, 'peek', PEEK)).toEqual({ id: 'i' });
    expect(bodies).toEqual(['{"id":"i","peek":"p"}']);
    const [url, init] = fetch.mock.calls[0]!;
    expect(url).toBe(`${ORIGIN}/v1/secrets/peek`);
    expect(init).toMatchObject({
      method: 'POST',
      headers: { 'Content-Type': 'application/waxseal-channel', 'Accept-Language': 'ja' },
      cache: 'no-store',
      credentials: 'same-origin',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
    expect(Buffer.from(init!.body as Uint8Array).toString('latin1')).not.toContain('"peek"');
  });

  it('is signed over the bytes that are sent', async () => {
    const signed: [string, Uint8Array][] = [];
    const caller = await callerOf((_body, request, sealed) => {
      expect(request.headers.get('Signature')).toBe('s');
      expect(signed).toEqual([[`${ORIGIN}/v1/secrets/claim`, sealed]]);
      return Response.json({});
    });
    const sign = async (url: string, body: Uint8Array) => {
      signed.push([url, body]);
      return { Signature: 's' };
    };
    await post(caller, 'claim', {} as never, sign);
    expect(signed).toHaveLength(1);
  });
});

describe('the channel', () => {
  /** A server that changed its key `times` times since the caller asked for it. */
  async function rotating(times: number) {
    const keys = await Promise.all(Array.from({ length: times + 1 }, () => channelServer(HOST)));
    const opened: string[] = [];
    const answering: Answering = (body) => {
      opened.push(body);
      return Response.json({ id: 'i' });
    };
    let now = 0;
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = (url, init) => {
      asked.push(new URL(String(url)).pathname);
      const answer = fetchFrom(() => keys[now]!, answering)(url, init);
      return answer.finally(() => (now = init?.method && now < 1 ? now : Math.min(now + 1, times)));
    };
    return { caller: { origin: ORIGIN, fetch, channel: openChannel(ORIGIN, fetch) }, asked, opened };
  }

  it('asks for its key once for all requests', async () => {
    const { caller, asked } = await rotating(0);
    await Promise.all([post(caller, 'peek', PEEK), post(caller, 'peek', PEEK)]);
    await post(caller, 'peek', PEEK);
    expect(asked.sort()).toEqual(['/v1/channel', '/v1/secrets/peek', '/v1/secrets/peek', '/v1/secrets/peek']);
  });

  it('takes the new key out of the refusal and sends once more, sealed and signed anew', async () => {
    const { caller, asked, opened } = await rotating(1);
    const bodies: Uint8Array[] = [];
    const sign = async (_url: string, body: Uint8Array) => {
      bodies.push(body);
      return {};
    };
    expect(await post(caller, 'peek', PEEK, sign)).toEqual({ id: 'i' });
    expect(asked).toEqual(['/v1/channel', '/v1/secrets/peek', '/v1/secrets/peek']);
    expect(opened).toHaveLength(1);
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).not.toEqual(bodies[1]);
  });

  it('does so once, not for ever', async () => {
    const { caller, asked } = await rotating(3);
    expect(await failure(post(caller, 'peek', PEEK))).toMatchObject({ code: 'channel-key' });
    expect(asked.filter((path) => path.endsWith('peek'))).toHaveLength(2);
  });

  const html = () => new Response('<h1>Hello</h1>', { headers: { 'Content-Type': 'text/html' } });
  it.each([
    ['has no such address', () => new Response('', { status: 404 })],
    ['is a page of something in between', html],
    ['answers with something else', () => Response.json({ config: 'AAAA' })],
    ['answers with nothing', () => Response.json(null)],
  ])('that the server does not have (it %s) stops every request before it is sent', async (_, respond) => {
    const asked: string[] = [];
    const fetch = async (url: unknown) => {
      asked.push(new URL(String(url)).pathname);
      return respond();
    };
    const caller = { origin: ORIGIN, fetch, channel: openChannel(ORIGIN, fetch) };
    expect(await failure(post(caller, 'peek', PEEK))).toMatchObject({ code: 'no-channel', document: null });
    expect(await failure(post(caller, 'peek', PEEK))).toMatchObject({ code: 'no-channel' });
    expect(asked, 'the second request asks again').toEqual(['/v1/channel', '/v1/channel']);
  });

  it('of another host is refused', async () => {
    const other = await channelServer('elsewhere.example.com');
    const fetch = fetchFrom(() => other, () => Response.json({}));
    const caller = { origin: ORIGIN, fetch, channel: openChannel(ORIGIN, fetch) };
    expect(await failure(post(caller, 'peek', PEEK))).toMatchObject({ code: 'no-channel' });
  });

  it('that cannot be asked for now is a failure that passes', async () => {
    const offline = async () => Promise.reject(new TypeError('fetch failed'));
    const busy = async () => new Response('{"code":"unavailable"}', { status: 503, headers: { 'Content-Type': 'application/problem+json' } });
    for (const [fetch, code] of [[offline, 'no-answer'], [busy, 'unavailable']] as const) {
      expect(await failure(post({ origin: ORIGIN, fetch, channel: openChannel(ORIGIN, fetch) }, 'peek', PEEK))).toMatchObject({ code });
    }
  });

  it.each([
    ['an answer', () => Response.json({ id: 'i' })],
    ['a verdict about the secret', () => problem({ code: 'gone' })],
  ])('lets no %s pass that is not sealed', async (_, respond) => {
    const caller = await interrupted(respond);
    expect(await failure(post(caller, 'peek', PEEK))).toMatchObject({ code: 'no-channel' });
  });

  it('lets a refusal pass that came before the request was opened', async () => {
    const caller = await interrupted(() => problem({ code: 'rate-limited' }, { 'Retry-After': '7' }));
    expect(await failure(post(caller, 'peek', PEEK))).toMatchObject({ code: 'rate-limited', retryAfterMs: 7_000 });
  });
});

describe('a problem', () => {
  it('is the document of the server, with its wait in milliseconds', async () => {
    const caller = await callerOf(() => problem({ code: 'held-back', status: 429, tries: { left: 3 } }, { 'Retry-After': '60' }));
    const error = await failure(post(caller, 'peek', PEEK));
    expect(error).toMatchObject({ code: 'held-back', retryAfterMs: 60_000, document: { tries: { left: 3 } } });
    expect(isProblem(error, 'held-back')).toBe(true);
    expect(isProblem(error, 'gone')).toBe(false);
    expect(isProblem(error)).toBe(true);
  });

  it.each([
    ['the network fails', () => Promise.reject(new TypeError('fetch failed'))],
    ['a proxy answers with its own page', () => new Response('<h1>502</h1>', { status: 502, headers: { 'Content-Type': 'text/html' } })],
    ['a problem is cut off', () => new Response('{"co', { status: 403, headers: { 'Content-Type': 'application/problem+json' } })],
    ['a problem has no code', () => problem({ title: 'x' })],
  ])('is no-answer when %s', async (_, respond) => {
    const caller = await interrupted(respond);
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
    const channel = await anyChannel();
    vi.useFakeTimers();
    const caller: Caller = { origin: ORIGIN, channel, fetch: (_, init) => silent(init) };
    const waiting = failure(post(caller, route, {} as never));
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).toMatchObject({ code: 'no-answer' });
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('leaves neither timer nor listener behind once the answer is here', async () => {
    const { signal } = new AbortController();
    const caller = await callerOf(() => Response.json({}), { signal });
    vi.useFakeTimers();
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    await post(caller, 'peek', PEEK);
    expect(vi.getTimerCount()).toBe(0);
    expect(removed.mock.calls).toEqual(added.mock.calls);
    vi.useRealTimers();
  });

  it('ends with the caller’s own reason when the caller aborts', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const caller: Caller = { origin: ORIGIN, channel: await anyChannel(), fetch: (_, init) => silent(init), signal };
    const waiting = failure(post(caller, 'peek', PEEK));
    controller.abort('left the page');
    expect(await waiting).toBe('left the page');
    expect(await failure(post(caller, 'peek', PEEK))).toBe('left the page');
  });
});
