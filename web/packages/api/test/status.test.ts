import type { Answering } from '@waxseal/crypto/channel-server';
import { describe, expect, it, vi } from 'vitest';
import { follow, lines } from '../src/status.ts';
import type { ReceiptAnswer } from '../src/types.ts';
import { wait, type Wait } from '../src/wait.ts';
import { anyChannel, callerOf } from './sealed.ts';

const REQUEST = { rid: 'r', receipt: 'R' };
const view = (state: ReceiptAnswer['state'], openings: object[] = []) => JSON.stringify({ state, openings });

function stream(...chunks: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
}

/** Lets what is under way happen, beside a clock that stands still, until something is so. */
async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((turn) => setImmediate(turn));
}

/** Only these: the promises of cryptography need the rest of the machine. */
const standStill = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

/** Follows through these connections; gives the states seen and the pauses asked for. */
async function followed(...connections: (() => Response)[]) {
  const pauses: number[] = [];
  const pause: Wait = async (ms) => void pauses.push(ms);
  const states: string[] = [];
  const caller = await callerOf(() => connections.shift()!());
  try {
    for await (const { state } of follow(caller, REQUEST, { wait: pause })) states.push(state);
  } catch (error) {
    states.push((error as Error).message);
  }
  return { states, pauses, left: connections.length };
}

const connection = (...chunks: string[]) => () => new Response(stream(...chunks));
const problem = (code: string, headers: Record<string, string> = {}) => () =>
  new Response(JSON.stringify({ code }), { status: 503, headers: { 'Content-Type': 'application/problem+json', ...headers } });
const offline = () => {
  throw new TypeError('fetch failed');
};

describe('lines', () => {
  it('are whole, wherever the pieces end', async () => {
    const text = 'a秘\n\nb\nrest';
    for (let cut = 0; cut <= text.length; cut++) {
      const seen: string[] = [];
      const pieces = (async function* () {
        yield* [text.slice(0, cut), text.slice(cut)];
      })();
      for await (const line of lines(pieces)) seen.push(line);
      expect(seen).toEqual(['a秘', '', 'b']);
    }
  });
});

describe('a followed receipt', () => {
  it('gives every view and stops when nothing can change any more', async () => {
    const given = await followed(connection(view('ready') + '\n\n', view('burned') + '\n', view('ready') + '\n'));
    expect(given).toEqual({ states: ['ready', 'burned'], pauses: [], left: 0 });
  });

  it('goes on while a claim is still open', async () => {
    const { states } = await followed(
      connection(`${view('expired', [{ state: 'open' }])}\n${view('expired', [{ state: 'lapsed' }])}\n`),
    );
    expect(states).toEqual(['expired', 'expired']);
  });

  it('connects again when the connection ends or fails, more and more slowly', async () => {
    const { states, pauses } = await followed(
      connection(view('ready') + '\n'), offline, offline, offline, offline, offline, offline, connection(view('destroyed') + '\n'),
    );
    expect(states).toEqual(['ready', 'destroyed']);
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('begins with the shortest pause again after a connection that brought something', async () => {
    const { pauses } = await followed(offline, offline, connection(view('ready') + '\n'), connection(view('burned') + '\n'));
    expect(pauses).toEqual([1_000, 2_000, 1_000]);
  });

  it('waits as long as the server asks', async () => {
    const { pauses } = await followed(problem('rate-limited', { 'Retry-After': '7' }), connection(view('burned') + '\n'));
    expect(pauses).toEqual([7_000]);
  });

  it('gives up on what waiting does not change', async () => {
    const { states, left } = await followed(problem('not-available'), connection());
    expect({ states, left }).toEqual({ states: ['not-available'], left: 1 });
  });

  it('leaves a connection that has been silent for 40 seconds', async () => {
    let connections = 0;
    const answering: Answering = (_body, request) => {
      connections++;
      if (connections > 1) return new Response(stream(view('burned') + '\n'));
      const start = (controller: ReadableStreamDefaultController) =>
        request.signal.addEventListener('abort', () => controller.error(new Error('aborted')));
      return new Response(new ReadableStream({ start }));
    };
    const caller = await callerOf(answering);
    standStill();
    const views = follow(caller, REQUEST, { wait: async () => {} });
    const first = views.next();
    await until(() => connections === 1);
    await vi.advanceTimersByTimeAsync(39_999);
    expect(connections).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect((await first).value?.state).toBe('burned');
    vi.useRealTimers();
  });

  it('stays with a connection that has nothing to say but says so every 15 seconds', async () => {
    let [connections, heard] = [0, 0];
    let write = (_line: string) => {};
    const caller = await callerOf(() => {
      connections++;
      const start = (controller: ReadableStreamDefaultController) => {
        write = (line) => controller.enqueue(new TextEncoder().encode(line + '\n'));
      };
      return new Response(new ReadableStream({ start }));
    });
    standStill();
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    const first = follow(caller, REQUEST, { wait: async () => {} }).next();
    await until(() => connections === 1);
    for (let at = 15_000; at < 120_000; at += 15_000) {
      await vi.advanceTimersByTimeAsync(15_000);
      write('');
      // Each line that is heard puts the alarm off.
      heard++;
      await until(() => cleared.mock.calls.length >= heard);
    }
    write(view('burned'));
    expect((await first).value?.state).toBe('burned');
    expect(connections).toBe(1);
    vi.useRealTimers();
  });

  it('ends with the caller’s reason when the caller leaves', async () => {
    const controller = new AbortController();
    const channel = await anyChannel();
    const caller = { origin: 'https://a.example', channel, fetch: async () => offline(), signal: controller.signal };
    const waiting = follow(caller, REQUEST).next();
    controller.abort(new Error('left the page'));
    await expect(waiting).rejects.toThrow('left the page');
  });
});

describe('wait', () => {
  it('passes after its time and leaves no listener behind', async () => {
    vi.useFakeTimers();
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const waiting = wait(1_000, controller.signal);
    await vi.advanceTimersByTimeAsync(1_000);
    await waiting;
    expect(removed).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });

  it('ends at once when the signal aborts, before or during', async () => {
    const controller = new AbortController();
    const waiting = wait(3_600_000, controller.signal);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    await expect(wait(3_600_000, controller.signal)).rejects.toThrow('left');
  });
});
