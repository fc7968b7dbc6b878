import { newDevice, thumbprint, toB64u, type Device } from '@waxseal/crypto';

const DATABASE = 'waxseal';
const STORES = ['device', 'attempt'];

/** What stays on the device until a secret is acknowledged. Every key is non-extractable. */
export interface DeviceRecord extends Device {
  /** HKDF base key of `T`: what peeks, once the fragment has left the address bar. */
  tokenKey: CryptoKey;
}

/** The keys of one secret on this device. */
export interface Keys {
  device: DeviceRecord;
  thumbprint: string;
  /** HKDF base key of the input key material; null after a wrong passphrase. */
  ikm: CryptoKey | null;
}

/** Where keys are kept: IndexedDB, or nowhere but memory. */
export interface KeyStore {
  find(id: string): Promise<Keys | null>;
  /** Keeps the keys durably and gives those that count: a device that another tab stored first wins. */
  keep(id: string, device: DeviceRecord, ikm: CryptoKey): Promise<Keys>;
  /** After a wrong passphrase: the device stays, the key material goes. */
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
  return {
    find: async (id) => {
      const read = await transact(database, 'readonly', (device, attempt) => ({
        device: device.get(id),
        ikm: attempt.get(id),
      }));
      return read.device.result ? asKeys(read.device.result, read.ikm.result ?? null) : null;
    },
    keep: async (id, mine, ikm) => {
      const stored = await transact(database, 'readwrite', (device, attempt) => {
        // The conflict is an answer, not a failure: without preventDefault it would abort the transaction.
        device.add(mine, id).onerror = (event) => event.preventDefault();
        attempt.put(ikm, id);
        return device.get(id);
      });
      return asKeys(stored.result, ikm);
    },
    forgetAttempt: (id) => remove(id, false),
    forget: (id) => remove(id, true),
  };
}

/** Keys that live as long as the page: for browsers that keep nothing, after the person was told. */
export function memoryStore(): KeyStore {
  let kept: Keys | null = null;
  return {
    find: async () => kept,
    keep: async (_id, device, ikm) => (kept = await asKeys(kept?.device ?? device, ikm)),
    forgetAttempt: async () => {
      if (kept) kept = { ...kept, ikm: null };
    },
    forget: async () => {
      kept = null;
    },
  };
}
