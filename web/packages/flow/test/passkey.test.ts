import { createHmac, randomBytes } from 'node:crypto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ask, give, reopen } from '../src/bound.ts';
import { acknowledge, arrive, claim, peek, recover, type Shown, type Visit } from '../src/open.ts';
import { belongs, copyInto, prepare, restore, type Prepared } from '../src/passkey.ts';
import { PASSPHRASE, saying, scene, TEXT, type Scene } from './world.ts';

const NAMES = { organization: 'Acme', secret: 'Secret' };

/** A person's passkeys, as a browser offers them: whoever is asked takes the last one made, or the one that is named. */
function wallet() {
  const keys: { id: ArrayBuffer; handle: Uint8Array; rpId: string; secret: Buffer }[] = [];
  const habits = { cancel: false, computesWhenMade: true, computes: true, pick: -1 };
  const compute = (secret: Buffer, salt: BufferSource) =>
    Uint8Array.from(createHmac('sha256', secret).update(new Uint8Array(salt as ArrayBuffer)).digest()).buffer;
  const answer = (key: (typeof keys)[number], results: object | undefined) => ({
    rawId: key.id,
    response: { userHandle: Uint8Array.from(key.handle).buffer },
    getClientExtensionResults: () => ({ prf: habits.computes ? { enabled: true, ...(results && { results }) } : {} }),
  });
  const refuse = () => {
    throw new DOMException('no', 'NotAllowedError');
  };
  const credentials = {
    create: async ({ publicKey }: CredentialCreationOptions) => {
      if (habits.cancel) refuse();
      const { rp, user, extensions, authenticatorSelection } = publicKey!;
      expect(authenticatorSelection).toMatchObject({ residentKey: 'required', userVerification: 'required' });
      const key = { id: Uint8Array.from(randomBytes(16)).buffer, handle: new Uint8Array(user.id as ArrayBuffer), rpId: rp.id!, secret: randomBytes(32) };
      keys.push(key);
      const first = extensions!.prf!.eval!.first;
      return answer(key, habits.computesWhenMade ? { first: compute(key.secret, first) } : undefined);
    },
    get: async ({ publicKey }: CredentialRequestOptions) => {
      const { rpId, allowCredentials = [], extensions, userVerification } = publicKey!;
      expect(userVerification).toBe('required');
      const key = keys.filter((key) => key.rpId === rpId && (!allowCredentials.length || allowCredentials.some(({ id }) => id === key.id))).at(habits.pick);
      if (habits.cancel || !key) return refuse();
      return answer(key, { first: compute(key.secret, extensions!.prf!.eval!.first) });
    },
  };
  return { credentials, habits, keys };
}

let passkeys: ReturnType<typeof wallet>;

beforeEach(() => {
  passkeys = wallet();
  vi.stubGlobal('navigator', { credentials: passkeys.credentials });
});
afterEach(() => vi.unstubAllGlobals());

/** Opens with a copy, up to the acknowledgement. */
async function openCopied(from: Scene): Promise<{ visit: Visit; shown: Shown; prepared: Prepared }> {
  const visit = await arrive(from.link, from.browser);
  const look = await peek(visit);
  const prepared = await prepare(visit, NAMES);
  const shown = (await claim(visit, look))!;
  expect(await copyInto(visit, shown, prepared)).toBe(true);
  return { visit, shown, prepared };
}

/** The same person's browser, which has forgotten everything. */
async function cleared(from: Scene): Promise<{ visit: Visit; copy: string }> {
  const visit = await arrive(from.link, { ...from.browser, indexedDB: new IDBFactory() });
  const { copy, bound } = await peek(visit);
  expect(bound).toBeNull();
  return { visit, copy: copy! };
}

const trouble = (promise: Promise<unknown>) => promise.then(() => null, (error: { trouble?: string }) => error.trouble ?? error);

test('a copy brings the device back, and its counter goes on', async () => {
  const here = await scene({ kind: 'device_bound' });
  const { visit, shown } = await openCopied(here);
  expect(await acknowledge(visit, shown)).toBe('acked');
  expect((await reopen(visit))?.text).toBe(TEXT);
  const counter = (await peek(visit)).bound!.counter;

  const fresh = await cleared(here);
  await restore(fresh.visit, fresh.copy);
  expect(fresh.visit.keys?.thumbprint).toBe(visit.keys?.thumbprint);
  expect((await peek(fresh.visit)).bound?.counter).toBe(counter);
  expect((await reopen(fresh.visit))?.text).toBe(TEXT);
  expect((await peek(fresh.visit)).bound?.counter).toBe(counter + 1);
  // Both are the device.
  expect((await reopen(visit))?.text).toBe(TEXT);
});

test('what is restored is stored: after a reload without the key in the address it opens again', async () => {
  const here = await scene({ kind: 'device_bound' });
  const { visit, shown } = await openCopied(here);
  await acknowledge(visit, shown);
  const browser = { ...here.browser, indexedDB: new IDBFactory() };
  const fresh = await arrive(here.link, browser);
  await restore(fresh, (await peek(fresh)).copy!);
  const later = await arrive(here.link.split('#')[0]!, browser);
  expect((await reopen(later))?.text).toBe(TEXT);
});

test('an authenticator that computes only when asked for what it is gets a second question', async () => {
  passkeys.habits.computesWhenMade = false;
  const here = await scene({ kind: 'device_bound' });
  const { visit, shown } = await openCopied(here);
  await acknowledge(visit, shown);
  const fresh = await cleared(here);
  await restore(fresh.visit, fresh.copy);
  expect((await reopen(fresh.visit))?.text).toBe(TEXT);
});

test('a cancelled passkey takes, stores and asks for nothing, and the secret opens without it', async () => {
  const here = await scene({ kind: 'device_bound' });
  const visit = await arrive(here.link, here.browser);
  const look = await peek(visit);
  passkeys.habits.cancel = true;
  expect(await trouble(prepare(visit, NAMES))).toBe('cancelled');
  expect([visit.keys, await visit.store.find(visit.id), here.server.log]).toEqual([null, null, ['create', 'peek']]);
  const shown = (await claim(visit, look))!;
  await acknowledge(visit, shown);
  expect(here.server.secret().copy).toBeNull();
  expect((await reopen(visit))?.text).toBe(TEXT);
});

test('a passkey that computes nothing is refused before anything is taken', async () => {
  passkeys.habits.computes = false;
  const here = await scene({ kind: 'device_bound' });
  const visit = await arrive(here.link, here.browser);
  expect(await trouble(prepare(visit, NAMES))).toBe('unable');
  expect(await visit.store.find(visit.id)).toBeNull();
  expect(here.server.secret().state).toBe('ready');
});

test('another secret’s passkey, and another one of the same name, restore nothing', async () => {
  const here = await scene({ kind: 'device_bound' });
  const { visit, shown } = await openCopied(here);
  await acknowledge(visit, shown);
  const other = await scene({ kind: 'device_bound' });
  await openCopied(other);
  const fresh = await cleared(here);
  expect(await trouble(restore(fresh.visit, fresh.copy))).toBe('wrong');
  expect(await fresh.visit.store.find(fresh.visit.id)).toBeNull();
  // The right user handle, and another function.
  passkeys.keys[1]!.handle = passkeys.keys[0]!.handle;
  expect(await trouble(restore(fresh.visit, fresh.copy))).toBe('wrong');
  passkeys.habits.pick = 0;
  await restore(fresh.visit, fresh.copy);
  expect((await reopen(fresh.visit))?.text).toBe(TEXT);
});

test('a wrong passphrase needs no second passkey', async () => {
  const here = await scene({ kind: 'device_bound', passphrase: PASSPHRASE });
  const visit = await arrive(here.link, here.browser);
  const look = await peek(visit);
  const prepared = await prepare(visit, NAMES);
  await expect(claim(visit, look, saying('wrong'))).rejects.toMatchObject({ code: 'wrong-key' });
  expect(belongs(prepared, visit)).toBe(true);
  const shown = (await claim(visit, look, saying(PASSPHRASE)))!;
  expect(await copyInto(visit, shown, prepared)).toBe(true);
  await acknowledge(visit, shown);
  const fresh = await cleared(here);
  await restore(fresh.visit, fresh.copy);
  expect((await reopen(fresh.visit))?.text).toBe(TEXT);
});

test('a browser killed between the claim and its acknowledgement still leaves the copy', async () => {
  const here = await scene({ kind: 'device_bound' });
  await openCopied(here);
  const again = await arrive(here.link, here.browser);
  expect((await peek(again)).yours).toBe('open');
  await acknowledge(again, (await recover(again))!);
  const fresh = await cleared(here);
  await restore(fresh.visit, fresh.copy);
  expect((await reopen(fresh.visit))?.text).toBe(TEXT);
});

test('keys that this browser made before are not copied', async () => {
  const here = await scene({ kind: 'device_bound', passphrase: PASSPHRASE });
  const first = await arrive(here.link, here.browser);
  await expect(claim(first, await peek(first), saying('wrong'))).rejects.toMatchObject({ code: 'wrong-key' });
  const later = await arrive(here.link, here.browser);
  expect(await trouble(prepare(later, NAMES))).toBe('begun');
  expect(passkeys.keys).toEqual([]);
});

test('of two tabs that make a passkey, the one whose device counts makes the copy', async () => {
  const here = await scene({ kind: 'device_bound' });
  const [first, second] = [await arrive(here.link, here.browser), await arrive(here.link, here.browser)];
  const prepared = await prepare(first, NAMES);
  expect(await trouble(prepare(second, NAMES))).toBe('begun');
  const shown = (await claim(first, await peek(first)))!;
  expect(await copyInto(first, shown, prepared)).toBe(true);
});

test('after a hand-over there is no copy any more, and one that was taken before brings back nothing', async () => {
  const here = await scene({ kind: 'device_bound' });
  const { visit, shown } = await openCopied(here);
  await acknowledge(visit, shown);
  const fresh = await cleared(here);
  const other = await arrive(here.link, { ...here.browser, indexedDB: new IDBFactory() });
  await ask(other);
  expect(await give(visit, (await peek(visit)).bound!.asks[0]!)).toBe(true);
  expect((await peek(fresh.visit)).copy).toBeNull();
  await restore(fresh.visit, fresh.copy);
  expect(await reopen(fresh.visit)).toBeNull();
  expect((await reopen(other))?.text).toBe(TEXT);
});

test('a browser that was handed the secret meanwhile keeps what it asked with', async () => {
  const here = await scene({ kind: 'device_bound' });
  const { visit, shown } = await openCopied(here);
  await acknowledge(visit, shown);
  const fresh = await cleared(here);
  await ask(fresh.visit);
  expect(await give(visit, (await peek(visit)).bound!.asks[0]!)).toBe(true);
  // Its person did not wait, and took the passkey.
  await restore(fresh.visit, fresh.copy);
  expect((await reopen(fresh.visit))?.text).toBe(TEXT);
});
