import {
  fromB64u,
  manifestKey,
  newReceiver,
  openHanded,
  openHandover,
  openKept,
  receiverPoint,
  Refused,
  sealHandover,
  toB64u,
  type Bytes,
  type Handover,
} from '@waxseal/crypto';
import { isProblem, type Ask, type Bound, type OpenAnswer, type PeekAnswer } from '@waxseal/api';
import { PAUSES, StorageRefused } from './claim.ts';
import { signed } from './signed.ts';
import { newDeviceRecord, type Keys } from './store.ts';
import { forget, forgetAttempt, learn, peek, peekProof, type Visit } from './visit.ts';

export { forget } from './visit.ts';

/** A text that came back on the device it is bound to. */
export interface Reopened {
  text: string;
  look: PeekAnswer;
}

/**
 * Looks and, if the secret is bound to this device, does `work` with the next counter. A lost answer, and a counter that
 * another tab took first, are looked at again. Null: it is not bound to this device, and `visit.keys` is null if it was.
 */
async function whileBound<T>(visit: Visit, work: (keys: Keys, bound: Bound, look: PeekAnswer) => Promise<T>): Promise<T | null> {
  for (const pause of [...PAUSES, null]) {
    try {
      // Another tab may have removed them meanwhile.
      visit.keys = await visit.store.find(visit.id);
      const look = await peek(visit);
      const { keys } = visit;
      return keys && look.bound && (await work(keys, look.bound, look));
    } catch (error) {
      if (isProblem(error, 'gone')) await forget(visit);
      const taken = isProblem(error, 'invalid') && error.document?.field === 'counter';
      if (pause === null || !(taken || isProblem(error, 'no-answer'))) throw error;
      if (!taken) await visit.wait(pause);
    }
  }
  return null;
}

/**
 * Opens again what is bound to this device. The server counts it. Null: it is no longer bound to this device, or its
 * browser kept no key for it; look again. Throws `Refused` if what the server delivered does not open.
 */
export async function reopen(visit: Visit): Promise<Reopened | null> {
  return whileBound(visit, async (keys, { claim, counter }, look) => {
    const { kept } = keys.device;
    // What was handed over is stored here: the server need not give it again.
    const stored = kept && 'keys' in kept ? { kept: true } : {};
    const answer = await signed(visit, keys, 'open', { claim, counter: counter + 1, ...stored });
    // Read after the answer: another tab may have stored what was handed over, and told the server so.
    const text = await unseal(visit, (await visit.store.find(visit.id)) ?? keys, answer);
    if (text === null) {
      await forget(visit);
      return null;
    }
    // A page that was closed between acknowledging and forgetting left this behind.
    if (keys.ikm) await forgetAttempt(visit);
    return { text, look };
  });
}

async function unseal(visit: Visit, keys: Keys, { header, content, handed }: OpenAnswer): Promise<string | null> {
  const { kept } = keys.device;
  const sealed = { id: visit.link.id, header: fromB64u(header), content: fromB64u(content) };
  if (kept && 'cek' in kept) return openKept({ ...sealed, cek: kept.cek });
  const given = handed ?? kept;
  if (!given) return null;
  const text = await openHanded({ ...sealed, partKey: await handedKey(visit, keys, given) });
  if (!kept) await learn(visit, { kept: { from: given.from, keys: given.keys } });
  return text;
}

/** What another device handed over, opened with the key that only this device has. */
function handedKey(visit: Visit, keys: Keys, given: { from: string; keys: string }): Promise<Bytes> {
  const { receiver } = keys.device;
  if (!receiver) throw new Refused('handover');
  return openHandover(between(visit, given.from, keys.thumbprint), receiver, fromB64u(given.keys));
}

function between({ link }: Visit, from: string, to: string): Handover {
  return { id: link.id, from: fromB64u(from, 32), to: fromB64u(to, 32) };
}

export interface Asked {
  /** Six digits, which the other device shows, too. */
  code: string;
  endsAtMs: number;
}

/**
 * Asks the device that has the secret to hand it over. What it will be sealed to is on the disk first: the other device
 * keeps nothing once it has given. Throws `StorageRefused` where this browser keeps nothing.
 */
export async function ask(visit: Visit): Promise<Asked> {
  const device = visit.keys?.device ?? (await newDeviceRecord(visit.tokenKey));
  if (!visit.durable) throw new StorageRefused();
  visit.keys = await visit.store.keep(visit.id, device, null);
  if (!visit.keys.device.receiver) await learn(visit, { receiver: await newReceiver() });
  const receiver = visit.keys?.device.receiver;
  if (!visit.durable || !receiver) throw new StorageRefused();
  await peek(visit);
  const fields = { ...(await peekProof(visit)), receive: toB64u(await receiverPoint(receiver)) };
  const { code, ends_at_ms } = await signed(visit, visit.keys!, 'ask', fields);
  return { code, endsAtMs: ends_at_ms };
}

/**
 * Gives the secret to the device that asked, and deletes everything that this device kept. False: it was not this
 * device's to give any more.
 */
export async function give(visit: Visit, { thumbprint, receive }: Ask): Promise<boolean> {
  let sent = false;
  const given = await whileBound(visit, async (keys, { claim, counter }) => {
    const partKey = await ownPartKey(visit, keys);
    const sealed = await sealHandover(between(visit, keys.thumbprint, thumbprint), fromB64u(receive, 65), partKey);
    partKey.fill(0);
    sent = true;
    await signed(visit, keys, 'give', { claim, counter: counter + 1, to: thumbprint, keys: toB64u(sealed) });
    await forget(visit);
    return true;
  });
  // After a lost answer the next look finds the secret gone from here, and deletes the keys: it was given.
  return given ?? sent;
}

async function ownPartKey(visit: Visit, keys: Keys): Promise<Bytes> {
  const { kept } = keys.device;
  if (!kept) throw new Refused('unwrap');
  return 'cek' in kept ? manifestKey(kept.cek, kept.header) : handedKey(visit, keys, kept);
}
