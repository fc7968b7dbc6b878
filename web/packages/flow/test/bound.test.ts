import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it, vi } from 'vitest';
import type { Refused } from '@waxseal/crypto';
import type { Problem } from '@waxseal/api';
import { ask, forget, give, reopen } from '../src/bound.ts';
import { acknowledge, arrive, claim, peek, recover, StorageRefused, type Visit } from '../src/open.ts';
import { openStore } from '../src/store.ts';
import { openTab, PASSPHRASE, saying, scene, stripped, TEXT, type Scene } from './world.ts';

const failure = (promise: Promise<unknown>) => promise.then(() => null, (error: unknown) => error);
const code = async (promise: Promise<unknown>) => ((await failure(promise)) as Problem | Refused | null)?.code;
const stored = async ({ browser }: Scene, { id }: Visit) => (await openStore(browser.indexedDB)).find(id);

/** A device-bound secret that its first device opened and confirmed. */
async function bound(passphrase?: string) {
  const given = await scene({ kind: 'device_bound', ...(passphrase && { passphrase }) });
  const { visit, shown } = await openTab(given, passphrase ? saying(passphrase) : undefined);
  expect(await acknowledge(visit, shown!)).toBe('acked');
  return { given, visit };
}

/** The same link on another device, which looks. */
async function elsewhere(given: Scene) {
  const other: Scene = { ...given, browser: { ...given.browser, indexedDB: new IDBFactory() } };
  const visit = await arrive(given.link, other.browser);
  return { given: other, visit, look: await peek(visit) };
}

/** A later visit of the same device, without the fragment, as from its history. */
const comeBack = ({ link, browser }: Scene) => arrive(stripped(link), browser);

describe('a device-bound secret', () => {
  it('is stored durably before the server hears that it may delete its key', async () => {
    const given = await scene({ kind: 'device_bound' });
    const { visit, shown } = await openTab(given);
    const transaction = vi.spyOn((await import('fake-indexeddb')).IDBDatabase.prototype, 'transaction');
    given.server.fault('ack', { code: 'bad-signature' });
    expect(await code(acknowledge(visit, shown!))).toBe('bad-signature');
    expect(transaction).toHaveBeenCalledWith(['device', 'attempt'], 'readwrite', { durability: 'strict' });
    transaction.mockRestore();
    const { device } = (await stored(given, visit))!;
    expect(device.kept && 'cek' in device.kept && device.kept.cek.extractable).toBe(false);
    expect(given.server.log.at(-1)).toBe('ack');
  });

  it('opens again on its device, as often as it likes, without link or passphrase, and is counted', async () => {
    const { given } = await bound(PASSPHRASE);
    for (const times of [1, 2]) {
      expect((await reopen(await comeBack(given)))?.text).toBe(TEXT);
      expect(given.server.secret().opens).toBe(times);
    }
  });

  it('leaves no key of the link on the device once it is confirmed', async () => {
    const { given, visit } = await bound(PASSPHRASE);
    expect((await stored(given, visit))?.ikm).toBeNull();
  });

  it('opens nothing on another device that holds the link', async () => {
    const { given } = await bound();
    const { visit, look } = await elsewhere(given);
    expect(look).toMatchObject({ state: 'bound', bound: null, openings: [{ device: 'computer', state: 'acked' }] });
    expect(await reopen(visit)).toBeNull();
    expect(await code(claim(visit, look))).toBe('gone');
  });

  it('after a lost acknowledgement is acknowledged by the next visit', async () => {
    const given = await scene({ kind: 'device_bound' });
    const { visit, shown } = await openTab(given);
    given.server.fault('ack', ...Array<'lose-request'>(5).fill('lose-request'));
    expect(await code(acknowledge(visit, shown!))).toBe('no-answer');
    const later = await comeBack(given);
    expect((await peek(later)).yours).toBe('open');
    const again = await recover(later);
    expect(await acknowledge(later, again!)).toBe('acked');
    expect((await reopen(await comeBack(given)))?.text).toBe(TEXT);
  });

  it('after an acknowledgement whose answer was lost with the page opens all the same, and tidies up', async () => {
    const given = await scene({ kind: 'device_bound' });
    const { visit, shown } = await openTab(given);
    given.server.fault('ack', 'lose-answer', ...Array<'lose-request'>(4).fill('lose-request'));
    expect(await code(acknowledge(visit, shown!))).toBe('no-answer');
    expect((await stored(given, visit))?.ikm).not.toBeNull();
    expect((await reopen(await comeBack(given)))?.text).toBe(TEXT);
    expect((await stored(given, visit))?.ikm).toBeNull();
  });

  it('keeps its counter rising through lost answers and other tabs', async () => {
    const { given } = await bound();
    const [first, second] = [await comeBack(given), await comeBack(given)];
    given.server.fault('open', 'lose-answer');
    const texts = await Promise.all([reopen(first), reopen(second)]);
    expect(texts.map((opened) => opened?.text)).toEqual([TEXT, TEXT]);
    expect([...given.server.secret().claims.values()][0]!.counter).toBeGreaterThanOrEqual(4);
  });

  it('that another tab of the device opened and confirmed first stays bound to both', async () => {
    const given = await scene({ kind: 'device_bound' });
    const late = await arrive(given.link, given.browser);
    const look = await peek(late);
    const first = await openTab(given);
    await acknowledge(first.visit, first.shown!);
    expect(await claim(late, look)).toBeNull();
    expect((await reopen(late))?.text).toBe(TEXT);
  });

  it('that another tab confirmed between a look and the claim keeps its keys', async () => {
    const given = await scene({ kind: 'device_bound' });
    const late = await arrive(given.link, given.browser);
    const look = await peek(late);
    const first = await openTab(given);
    late.caller.fetch = async (url, init) => {
      if (String(url).endsWith('/recover')) await acknowledge(first.visit, first.shown!);
      return given.browser.fetch(url, init);
    };
    given.server.fault('recover', { code: 'gone', state: 'bound' });
    expect(await code(claim(late, look))).toBe('gone');
    expect((await reopen(await comeBack(given)))?.text).toBe(TEXT);
  });

  it('that is confirmed by another tab while the server looks keeps its keys', async () => {
    const { given, visit } = await bound();
    const tab = await comeBack(given);
    const secret = given.server.secret();
    const states = ['draining', 'bound'] as const;
    let looks = 0;
    tab.caller.fetch = (url, init) => {
      if (String(url).endsWith('/peek')) secret.state = states[looks++] ?? 'bound';
      return given.browser.fetch(url, init);
    };
    expect((await peek(tab)).bound).not.toBeNull();
    expect(looks).toBe(2);
    expect(await stored(given, visit)).not.toBeNull();
  });

  it('that was removed in another tab does not open in this one', async () => {
    const { given, visit } = await bound();
    const tab = await comeBack(given);
    await forget(visit);
    expect(await reopen(tab)).toBeNull();
    expect(given.server.secret().opens).toBe(0);
  });

  it('that was burned does not open, and its keys go', async () => {
    const { given, visit } = await bound();
    const later = await comeBack(given);
    await peek(later);
    given.server.end('burned');
    expect(await reopen(later)).toBeNull();
    expect(await stored(given, visit)).toBeNull();
  });

  it('that is burned between look and opening says so, and its keys go', async () => {
    const { given, visit } = await bound();
    given.server.fault('open', { code: 'gone', state: 'burned' });
    expect(await code(reopen(await comeBack(given)))).toBe('gone');
    expect(await stored(given, visit)).toBeNull();
  });

  it('with other content under the same header is refused', async () => {
    const { given } = await bound();
    const { create } = given.server.secret();
    create.content = create.content.slice(0, -4) + 'AAAA';
    expect(await code(reopen(await comeBack(given)))).toBe('content');
    create.header = create.header.slice(0, -4) + 'AAAA';
    expect(await code(reopen(await comeBack(given)))).toBe('commit');
  });

  it('on a browser that stops keeping data stays open as long as the page, and says so', async () => {
    const given = await scene({ kind: 'device_bound' });
    const { visit, shown } = await openTab(given);
    visit.store.learn = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    expect(await acknowledge(visit, shown!)).toBe('acked');
    expect(visit.durable).toBe(false);
    expect((await reopen(visit))?.text).toBe(TEXT);
    expect(await reopen(await comeBack(given)), 'after the page').toBeNull();
    expect(await stored(given, visit)).toBeNull();
  });
});

describe('a hand-over', () => {
  /** The first device sees what the second asks. */
  async function asking() {
    const first = await bound();
    const second = await elsewhere(first.given);
    const asked = await ask(second.visit);
    const [seen] = (await peek(first.visit)).bound!.asks;
    return { first, second, asked, seen: seen! };
  }

  it('moves the secret to the device that asked; the other then has nothing', async () => {
    const { first, second, asked, seen } = await asking();
    expect(seen.code).toBe(asked.code);
    expect(await give(first.visit, seen)).toBe(true);
    expect(await stored(first.given, first.visit)).toBeNull();
    expect((await peek(second.visit)).bound).not.toBeNull();
    expect((await reopen(second.visit))?.text).toBe(TEXT);
    expect(await code(comeBack(first.given))).toBe('link-malformed');
    const back = await arrive(first.given.link, first.given.browser);
    expect(await peek(back)).toMatchObject({ state: 'bound', bound: null });
  });

  it('is kept by the new device, which then tells the server that it need not give it again', async () => {
    const { first, second, seen } = await asking();
    const { server } = first.given;
    await give(first.visit, seen);
    expect((await reopen(second.visit))?.text).toBe(TEXT);
    expect(server.secret().handed, 'the answer could have been lost').not.toBeNull();
    const { device } = (await stored(second.given, second.visit))!;
    expect(device.kept && 'keys' in device.kept && device.kept.keys).toBe(server.secret().handed!.keys);
    expect(device.receiver?.privateKey.extractable).toBe(false);
    for (const times of [2, 3]) {
      expect((await reopen(await comeBack(second.given)))?.text).toBe(TEXT);
      expect(server.secret()).toMatchObject({ handed: null, opens: times });
    }
  });

  it('that another tab stored and confirmed while this one looked stays stored, and opens', async () => {
    const { first, second, seen } = await asking();
    await give(first.visit, seen);
    const late = await comeBack(second.given);
    let interrupted = false;
    late.caller.fetch = async (url, init) => {
      if (String(url).endsWith('/peek') && !interrupted) {
        interrupted = true;
        for (const _ of ['fetched', 'confirmed']) expect((await reopen(second.visit))?.text).toBe(TEXT);
      }
      return second.given.browser.fetch(url, init);
    };
    expect((await reopen(late))?.text).toBe(TEXT);
    expect((await reopen(await comeBack(second.given)))?.text, 'and its keys are still there').toBe(TEXT);
  });

  it('whose first opening gets no answer is given again', async () => {
    const { first, second, seen } = await asking();
    await give(first.visit, seen);
    first.given.server.fault('open', 'lose-answer');
    expect((await reopen(second.visit))?.text).toBe(TEXT);
  });

  it('can go on to a third device', async () => {
    const { first, second, seen } = await asking();
    await give(first.visit, seen);
    await reopen(second.visit);
    const third = await elsewhere(first.given);
    await ask(third.visit);
    const [next] = (await peek(second.visit)).bound!.asks;
    expect(await give(second.visit, next!)).toBe(true);
    expect((await reopen(third.visit))?.text).toBe(TEXT);
    expect(await stored(second.given, second.visit)).toBeNull();
  });

  it('that is asked for again, also after a reload, keeps its digits', async () => {
    const { second, asked } = await asking();
    expect(await ask(second.visit)).toEqual(asked);
    expect(await ask(await arrive(second.given.link, second.given.browser))).toEqual(asked);
  });

  it.each(['lose-answer', 'lose-request'] as const)('whose %s happens is given once', async (fault) => {
    const { first, second, seen } = await asking();
    first.given.server.fault('give', fault);
    expect(await give(first.visit, seen)).toBe(true);
    expect((await reopen(second.visit))?.text).toBe(TEXT);
  });

  it('is not given by who no longer has it', async () => {
    const { first, seen } = await asking();
    const tab = await comeBack(first.given);
    await peek(tab);
    await give(first.visit, seen);
    expect(await give(tab, seen)).toBe(false);
  });

  it('is not asked for where nothing would be kept', async () => {
    const { first, second } = await asking();
    second.visit.durable = false;
    expect(await failure(ask(second.visit))).toBeInstanceOf(StorageRefused);
    expect(first.given.server.secret().asks).toHaveLength(1);
  });
});
