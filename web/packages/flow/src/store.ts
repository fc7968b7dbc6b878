import { newDevice, thumbprint, toB64u, type Bytes, type Device } from '@waxseal/crypto';

const DATABASE = 'waxseal';
const STORES = ['device', 'attempt'];

/** What opens a device-bound secret again: the content key, or what another device handed over. */
export type Kept =
  /** HKDF base key of the content key; the header says which key of it opens the text. */
  | { cek: CryptoKey; header: Bytes }
  /** `keys` are sealed to this device's receiving key by the device with the thumbprint `from` (both as on the wire). */
  | { from: string; keys: string };

/** What stays on the device until a secret is acknowledged or, if device-bound, has ended. No key can be read. */
export interface DeviceRecord extends Device {
  /** HKDF base key of `T`: what peeks, once the fragment has left the address bar. */
  tokenKey: CryptoKey;
  kept?: Kept;
  /** What a hand-over is sealed to, from the moment that this device asks for one. */
  receiver?: CryptoKeyPair;
  /** A copy that a passkey opens, as on the wire, until the acknowledgement has brought it to the server. */
  copy?: string;
}

/** What a device learns about its secret after it was made. */
export type Learned = Pick<DeviceRecord, 'kept' | 'receiver' | 'copy'>;

/** The keys of one secret on this device. */
export interface Keys {
  device: DeviceRecord;
  thumbprint: string;
  /** HKDF base key of the input key material; null after a wrong passphrase, and once it is no longer needed. */
  ikm: CryptoKey | null;
}

/** Where keys are kept: IndexedDB, or nowhere but memory. Whatever is kept is on the disk before a promise resolves. */
export interface KeyStore {
  find(id: string): Promise<Keys | null>;
  /** Keeps the keys and gives those that count: a device that another tab stored first wins. */
  keep(id: string, device: DeviceRecord, ikm: CryptoKey | null): Promise<Keys>;
  /** Adds to the device that is kept; gives what then counts, or null if there is none (another tab removed it). */
  learn(id: string, learned: Learned): Promise<Keys | null>;
  /** The device stays, the key material goes. */
  forgetAttempt(id: string): Promise<void>;
  forget(id: string): Promise<void>;
}

async function asKeys(device: DeviceRecord, ikm: CryptoKey | null): Promise<Keys> {
  return { device, thumbprint: toB64u(await thumbprint(device.publicKey)), ikm };
}

export async function newDeviceRecord(tokenKey: CryptoKey): Promise<DeviceRecord> {
  return { ...(await newDevice()), tokenKey };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Runs `work` in one transaction; resolves when it is on disk, not merely in the operating system's cache. */
function transact<T>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  work: (device: IDBObjectStore, attempt: IDBObjectStore) => T,
): Promise<T> {
  const transaction = database.transaction(STORES, mode, { durability: 'strict' });
  const result = work(transaction.objectStore('device'), transaction.objectStore('attempt'));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Opens the store. Rejects where the browser keeps nothing (some private windows, policies, in-app views). */
export async function openStore(factory: IDBFactory): Promise<KeyStore> {
  const opening = factory.open(DATABASE, 1);
  opening.onupgradeneeded = () => STORES.forEach((name) => opening.result.createObjectStore(name));
  const database = await settled(opening);
  // A newer page in another tab may need to change the stores; this one then works on in memory.
  database.onversionchange = () => database.close();
  const remove = (id: string, withDevice: boolean) =>
    transact(database, 'readwrite', (device, attempt) => {
      attempt.delete(id);
      if (withDevice) device.delete(id);
    });
  const find = async (id: string): Promise<Keys | null> => {
    const read = await transact(database, 'readonly', (device, attempt) => ({
      device: device.get(id),
      ikm: attempt.get(id),
    }));
    return read.device.result ? asKeys(read.device.result, read.ikm.result ?? null) : null;
  };
  return {
    find,
    keep: async (id, mine, ikm) => {
      const stored = await transact(database, 'readwrite', (device, attempt) => {
        // The conflict is an answer, not a failure: without preventDefault it would abort the transaction.
        device.add(mine, id).onerror = (event) => event.preventDefault();
        if (ikm) attempt.put(ikm, id);
        return device.get(id);
      });
      return asKeys(stored.result, ikm);
    },
    learn: async (id, learned) => {
      await transact(database, 'readwrite', (device) => {
        const read = device.get(id);
        read.onsuccess = () => read.result && device.put({ ...read.result, ...learned }, id);
      });
      return find(id);
    },
    forgetAttempt: (id) => remove(id, false),
    forget: (id) => remove(id, true),
  };
}

/** Keys that live as long as the page: for browsers that keep nothing, after the person was told. */
export function memoryStore(first: Keys | null = null): KeyStore {
  let kept = first;
  return {
    find: async () => kept,
    keep: async (_id, device, ikm) => (kept = await asKeys(kept?.device ?? device, ikm)),
    learn: async (_id, learned) => (kept &&= { ...kept, device: { ...kept.device, ...learned } }),
    forgetAttempt: async () => {
      if (kept) kept = { ...kept, ikm: null };
    },
    forget: async () => {
      kept = null;
    },
  };
}
