import { describe, expect, it } from 'vitest';
import type { Wait } from '@waxseal/api';
import { acknowledge, arrive, claim, keepOpen, peek, type Visit } from '../src/open.ts';
import { openStore } from '../src/store.ts';
import { openTab, scene, type Scene } from './world.ts';

/** A tab whose clock passes by `each` pauses; the signal aborts when there are no more. */
async function shownTab(given: Scene, each: ((ms: number) => void)[]) {
  const controller = new AbortController();
  const pauses: number[] = [];
  const wait: Wait = async (ms, signal) => {
    pauses.push(ms);
    const next = each.shift();
    if (!next) controller.abort();
    signal?.throwIfAborted();
    given.server.clock.now += ms;
    next?.(ms);
  };
  const visit = await arrive(given.link, { ...given.browser, wait });
  const shown = (await claim(visit, await peek(visit)))!;
  return { visit, shown, pauses, keep: () => keepOpen(visit, shown, controller.signal) };
}

const stored = async (given: Scene, { id }: Visit) => (await openStore(given.browser.indexedDB)).find(id);

describe('an acknowledgement', () => {
  it('with a lost answer is sent again with a larger counter, and answered the same', async () => {
    const given = await scene();
    const { visit, shown } = await openTab(given);
    given.server.fault('ack', 'lose-answer', 'lose-request');
    expect(await acknowledge(visit, shown!)).toBe('acked');
    expect(shown!.counter).toBe(3);
    expect(given.pauses).toEqual([1_000, 2_000]);
    expect(await stored(given, visit)).toBeNull();
  });

  it('that finds no server keeps the keys, so that a later visit can confirm', async () => {
    const given = await scene();
    const { visit, shown } = await openTab(given);
    given.server.fault('ack', ...Array<'lose-request'>(5).fill('lose-request'));
    await expect(acknowledge(visit, shown!)).rejects.toThrow('no-answer');
    expect(await stored(given, visit)).not.toBeNull();
    expect(await acknowledge(visit, shown!)).toBe('acked');
  });

  it('after the window closed says so and deletes the keys', async () => {
    const given = await scene();
    const { visit, shown } = await openTab(given);
    given.server.end('destroyed');
    expect(await acknowledge(visit, shown!)).toBe('lapsed');
    expect(await stored(given, visit)).toBeNull();
  });

  it('after the window closed on one of several views says so too', async () => {
    const given = await scene({ views: 2 });
    const { visit, shown } = await openTab(given);
    for (const claimed of given.server.secret().claims.values()) claimed.state = 'lapsed';
    expect(await acknowledge(visit, shown!)).toBe('lapsed');
    expect(await stored(given, visit)).toBeNull();
  });

  it('long after the claim gets itself a fresh challenge', async () => {
    const given = await scene();
    const { visit, shown } = await openTab(given);
    given.server.clock.now += 300_000;
    expect(await acknowledge(visit, shown!)).toBe('acked');
  });

  it('catches up with the counter of another tab', async () => {
    const given = await scene();
    const first = await openTab(given);
    const second = await openTab(given);
    for (const claimed of given.server.secret().claims.values()) claimed.counter = 40;
    expect(await acknowledge(second.visit, second.shown!)).toBe('acked');
    expect(second.shown!.counter).toBe(41);
    expect(await acknowledge(first.visit, first.shown!)).toBe('acked');
  });
});

describe('a window kept open', () => {
  it('is renewed every two minutes with rising counters until the caller stops', async () => {
    const given = await scene();
    const { shown, pauses, keep } = await shownTab(given, [() => {}, () => {}]);
    expect(await keep()).toBeNull();
    expect(pauses).toEqual([60_000, 60_000, 60_000]);
    const [claimed] = given.server.secret().claims.values();
    expect([claimed!.counter, shown.counter]).toEqual([2, 2]);
  });

  it('tries again soon after a lost heartbeat', async () => {
    const given = await scene();
    const { pauses, keep } = await shownTab(given, [() => {}, () => {}]);
    given.server.fault('heartbeat', 'lose-request');
    expect(await keep()).toBeNull();
    expect(pauses).toEqual([60_000, 10_000, 60_000]);
  });

  it('reports that the sender burned the secret while it was shown', async () => {
    const given = await scene();
    const { keep } = await shownTab(given, [() => {}, () => given.server.end('burned')]);
    expect(await keep()).toBe('burned');
  });

  it('survives an outage of network during the challenge that it needs', async () => {
    const given = await scene();
    const { keep } = await shownTab(given, [() => given.server.fault('peek', 'lose-request'), () => {}]);
    expect(await keep()).toBeNull();
    expect([...given.server.secret().claims.values()][0]!.counter).toBeGreaterThan(0);
  });
});
