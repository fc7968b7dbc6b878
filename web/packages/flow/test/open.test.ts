import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it, vi } from 'vitest';
import { Refused } from '@waxseal/crypto';
import { isProblem, Problem } from '@waxseal/api';
import { acknowledge, arrive, claim, peek, recover, StorageRefused } from '../src/open.ts';
import { openStore } from '../src/store.ts';
import { ORIGIN } from './server.ts';
import { openTab, PASSPHRASE, saying, scene, stripped, TEXT } from './world.ts';

const failure = (promise: Promise<unknown>) => promise.then(() => null, (error: unknown) => error);
const code = async (promise: Promise<unknown>) => ((await failure(promise)) as Problem | Refused | null)?.code;

describe('opening', () => {
  it('peeks, stores, peeks, claims, acknowledges, and leaves nothing behind', async () => {
    const given = await scene();
    const { visit, shown } = await openTab(given);
    expect(shown?.text).toBe(TEXT);
    expect(shown?.policy.views).toBe(1);
    expect(await acknowledge(visit, shown!)).toBe('acked');
    expect(given.server.log).toEqual(['create', 'peek', 'peek', 'claim', 'ack']);
    expect(given.server.secret().state).toBe('destroyed');
    const store = await openStore(given.browser.indexedDB);
    expect(await store.find(visit.id)).toBeNull();
  });

  it('stores only keys that cannot be read, durably, before the claim', async () => {
    const given = await scene();
    const transaction = vi.spyOn((await import('fake-indexeddb')).IDBDatabase.prototype, 'transaction');
    given.server.fault('claim', { code: 'unavailable' });
    const visit = await arrive(given.link, given.browser);
    expect(await code(claim(visit, await peek(visit)))).toBe('unavailable');
    expect(transaction).toHaveBeenCalledWith(['device', 'attempt'], 'readwrite', { durability: 'strict' });
    const keys = (await (await openStore(given.browser.indexedDB)).find(visit.id))!;
    for (const key of [keys.device.privateKey, keys.device.tokenKey, keys.ikm!]) expect(key.extractable).toBe(false);
    transaction.mockRestore();
  });

  it('refuses a damaged link before any request', async () => {
    const given = await scene();
    const spoiled = given.link.slice(0, -5) + (given.link.at(-5) === 'x' ? 'y' : 'x') + given.link.slice(-4);
    expect(await code(arrive(spoiled, given.browser))).toBe('link-damaged');
    expect(await code(arrive(stripped(given.link), given.browser))).toBe('link-malformed');
    expect(await code(arrive(`${ORIGIN}/s/short#1x`, given.browser))).toBe('link-malformed');
    expect(given.server.log).toEqual(['create']);
  });

  it('tells a third holder of the link that it is gone, and when it was opened', async () => {
    const given = await scene();
    await openTab(given);
    const indexedDB = new IDBFactory();
    const visit = await arrive(given.link, { ...given.browser, indexedDB });
    const error = await failure(claim(visit, await peek(visit)));
    expect(isProblem(error, 'gone') && error.document?.openings).toMatchObject([{ device: 'computer', state: 'open' }]);
    expect(await (await openStore(indexedDB)).find(visit.id)).toBeNull();
  });

  it('does not deliver what does not open, and says which check failed', async () => {
    const given = await scene();
    given.server.secret().create.policy = Buffer.from('{"views":1000}').toString('base64url');
    expect(await code(openTab(given))).toBe('unwrap');
  });
});

describe('a lost answer', () => {
  it('of a claim that arrived is recovered and takes no second view', async () => {
    const given = await scene({ views: 3 });
    given.server.fault('claim', 'lose-answer');
    const { shown } = await openTab(given);
    expect(shown?.text).toBe(TEXT);
    expect(given.server.secret().viewsLeft).toBe(2);
    expect(given.server.log.slice(2)).toEqual(['peek', 'claim', 'peek', 'recover']);
    expect(given.pauses).toEqual([500]);
  });

  it('of a claim that never arrived is claimed again', async () => {
    const given = await scene();
    given.server.fault('claim', 'lose-request');
    expect((await openTab(given)).shown?.text).toBe(TEXT);
  });

  it('is given up after four tries, and the keys stay for the next gesture', async () => {
    const given = await scene();
    given.server.fault('claim', 'lose-answer', 'lose-request', 'lose-request', 'lose-request');
    given.server.fault('recover', 'lose-request', 'lose-request', 'lose-request');
    expect(await code(openTab(given))).toBe('no-answer');
    expect(given.pauses).toEqual([500, 2_000, 5_000]);
    expect((await openTab(given)).shown?.text).toBe(TEXT);
  });

  it('is not waited for when something else went wrong', async () => {
    const given = await scene();
    given.server.fault('claim', { code: 'unavailable' });
    expect(await code(openTab(given))).toBe('unavailable');
    expect(given.pauses).toEqual([]);
  });
});

describe('a reload between claim and ack', () => {
  it('recovers without fragment and without passphrase', async () => {
    const given = await scene({ passphrase: PASSPHRASE });
    await openTab(given, saying(PASSPHRASE));
    const visit = await arrive(stripped(given.link), given.browser);
    expect((await peek(visit)).yours).toBe('open');
    const shown = await recover(visit);
    expect(shown?.text).toBe(TEXT);
    expect(await acknowledge(visit, shown!)).toBe('acked');
    expect(await code(arrive(stripped(given.link), given.browser))).toBe('link-malformed');
  });

  it('finds that the window closed, deletes the keys, and a new gesture takes a new view', async () => {
    const given = await scene({ views: 2 });
    await openTab(given);
    for (const held of given.server.secret().claims.values()) held.state = 'lapsed';
    const visit = await arrive(given.link, given.browser);
    const look = await peek(visit);
    expect(look.yours).toBe('lapsed');
    expect(visit.keys).toBeNull();
    expect(await recover(visit)).toBeNull();
    expect((await claim(visit, look))?.text).toBe(TEXT);
    expect(given.server.secret().claims.size).toBe(2);
  });
});

describe('two tabs', () => {
  it('share one device: the second recovers what the first claimed', async () => {
    const given = await scene({ views: 3 });
    const [first, second] = await Promise.all([openTab(given), openTab(given)]);
    expect([first.shown?.text, second.shown?.text]).toEqual([TEXT, TEXT]);
    expect(given.server.secret().claims.size).toBe(1);
    expect(given.server.secret().viewsLeft).toBe(2);
  });

  it('do not take a second view when the first acknowledged meanwhile', async () => {
    const given = await scene({ views: 3 });
    const late = await arrive(given.link, given.browser);
    const first = await openTab(given);
    late.keys = first.visit.keys;
    const look = await peek(late);
    await acknowledge(first.visit, first.shown!);
    expect(await claim(late, look)).toBeNull();
    expect(given.server.secret().viewsLeft).toBe(2);
  });

  it('survive each other: a wrong passphrase in the second loses nothing', async () => {
    const given = await scene({ passphrase: PASSPHRASE });
    await openTab(given, saying(PASSPHRASE));
    const second = await arrive(given.link, given.browser);
    expect(await code(claim(second, await peek(second), saying('wrong')))).toBe('unwrap');
    expect(given.server.secret().wrong).toBe(0);
    expect(await (await openStore(given.browser.indexedDB)).find(second.id)).toMatchObject({ ikm: null });
    expect((await openTab(given, saying(PASSPHRASE))).shown?.text).toBe(TEXT);
  });
});

describe('storage', () => {
  const broken = { open: () => { throw new DOMException('no', 'SecurityError'); } } as unknown as IDBFactory;

  it('that is refused is known before the gesture, and the flow works in memory', async () => {
    const given = await scene();
    const world = { ...given.browser, indexedDB: broken };
    const visit = await arrive(given.link, world);
    expect(visit.durable).toBe(false);
    given.server.fault('claim', 'lose-answer');
    const shown = await claim(visit, await peek(visit));
    expect(shown?.text).toBe(TEXT);
    expect(await acknowledge(visit, shown!)).toBe('acked');
  });

  it('that fails at the gesture stops it before anything is taken; the next gesture goes on', async () => {
    const given = await scene();
    const visit = await arrive(given.link, given.browser);
    expect(visit.durable).toBe(true);
    visit.store.keep = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    const look = await peek(visit);
    expect(await failure(claim(visit, look))).toBeInstanceOf(StorageRefused);
    expect(visit.durable).toBe(false);
    expect(given.server.secret().viewsLeft).toBe(1);
    expect((await claim(visit, look))?.text).toBe(TEXT);
  });
});

describe('a passphrase', () => {
  it('that is wrong counts one try, deletes the attempt, keeps the device', async () => {
    const given = await scene({ passphrase: PASSPHRASE });
    const visit = await arrive(given.link, given.browser);
    const look = await peek(visit);
    const error = await failure(claim(visit, look, saying('wrong')));
    expect(isProblem(error, 'wrong-key') && error.document?.tries?.left).toBe(19);
    const kept = await (await openStore(given.browser.indexedDB)).find(visit.id);
    expect(kept).toMatchObject({ ikm: null, thumbprint: visit.keys?.thumbprint });
    expect((await claim(visit, look, saying(PASSPHRASE)))?.text).toBe(TEXT);
    expect(given.server.secret().claims.size).toBe(1);
  });

  it('is held back after five wrong tries, whatever the sixth says', async () => {
    const given = await scene({ passphrase: PASSPHRASE });
    for (let i = 0; i < 5; i++) expect(await code(openTab(given, saying(`wrong ${i}`)))).toBe('wrong-key');
    const error = await failure(openTab(given, saying(PASSPHRASE)));
    expect(isProblem(error, 'held-back') && error.document?.tries?.next_at_ms).toBe(given.server.clock.now + 60_000);
    given.server.clock.now += 60_000;
    expect((await openTab(given, saying(PASSPHRASE))).shown?.text).toBe(TEXT);
  });

  it('meets a lock', async () => {
    const given = await scene({ passphrase: PASSPHRASE });
    given.server.secret().state = 'locked';
    expect(await code(openTab(given, saying(PASSPHRASE)))).toBe('locked');
  });

  it('is asked for, and its parameters are checked, before anything is stored', async () => {
    const given = await scene({ passphrase: PASSPHRASE });
    expect(await code(openTab(given))).toBe('passphrase');
    const visit = await arrive(given.link, given.browser);
    const cheap = { ...(await peek(visit)), passphrase: { m_kib: 19_456, t: 2, p: 1 } };
    expect(await code(claim(visit, cheap, saying(PASSPHRASE)))).toBe('params');
    expect(visit.keys).toBeNull();
  });
});

describe('a challenge', () => {
  it('that grew stale is replaced once by the fresh one in the answer', async () => {
    const given = await scene();
    given.server.fault('claim', { code: 'stale-challenge' });
    expect((await openTab(given)).shown?.text).toBe(TEXT);
    expect(given.server.log.filter((route) => route === 'claim')).toHaveLength(2);
  });

  it('comes with every answer, so that requests in a row need no further peek', async () => {
    const given = await scene();
    const visit = await arrive(given.link, given.browser);
    const { fetch } = given.server;
    visit.caller.fetch = async (...request) => {
      const answer = await fetch(...request);
      given.server.clock.now += 40_000;
      return answer;
    };
    const shown = await claim(visit, await peek(visit));
    expect(await acknowledge(visit, shown!)).toBe('acked');
    expect(given.server.log).toEqual(['create', 'peek', 'peek', 'claim', 'ack']);
  });

  it('is not chased for ever', async () => {
    const given = await scene();
    given.server.fault('claim', { code: 'stale-challenge' }, { code: 'stale-challenge' });
    expect(await code(openTab(given))).toBe('stale-challenge');
  });
});
