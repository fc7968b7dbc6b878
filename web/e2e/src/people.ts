import { ask, give, reopen } from '@waxseal/flow/bound';
import { create, type Created } from '@waxseal/flow/create';
import { acknowledge, arrive, claim, peek, type Shown, type Visit } from '@waxseal/flow/open';
import { openReceipt, type Receipt } from '@waxseal/flow/receipt';
import { isProblem, type PeekAnswer } from '@waxseal/api';
import { sha256, type Argon2id, type Kind } from '@waxseal/crypto';
import { argon2id } from '@waxseal/crypto/argon2';
import { keepFromLog } from './ledger.ts';
import { fetchAs, type DeviceName } from './wire.ts';

/** People on other devices, who speak the protocol without a screen: they bring secrets into the state a test needs. */

export interface Letter {
  origin: string;
  text?: string;
  kind?: Kind;
  views?: number;
  passphrase?: string;
  lifetimeS?: number;
}

/** A link, its receipt, and what was sealed. */
export interface Sent extends Created {
  text: string;
  receipt: Receipt;
}

/** Seals on another device than those of the test. */
export async function send({ origin, text = 'The door code is 4711.', kind = 'one_time', views = 1, passphrase, lifetimeS = 86_400 }: Letter): Promise<Sent> {
  const fetch = fetchAs('computer');
  const secured = passphrase === undefined ? null : { text: passphrase, argon2id };
  const expires = { after_s: lifetimeS };
  const created = await create({ origin, text, kind, views, expires, passphrase: secured }, { fetch });
  keepFromLog(text, passphrase ?? '', ...fragments(created));
  return { ...created, text, receipt: await openReceipt(created.receiptLink, { fetch }) };
}

/** What stands behind the `#` of both links. */
export function fragments({ link, receiptLink }: Pick<Created, 'link' | 'receiptLink'>): string[] {
  return [new URL(link).hash.slice(2), new URL(receiptLink).hash.slice(1)];
}

/** A browser that keeps nothing, so that every call is another device. */
const NO_STORAGE = {
  open: () => {
    throw new Error('this device keeps nothing');
  },
} as unknown as IDBFactory;

interface Holder {
  visit: Visit;
  look: PeekAnswer;
}

async function holds(link: string, device: DeviceName): Promise<Holder> {
  const visit = await arrive(link, { fetch: fetchAs(device), indexedDB: NO_STORAGE });
  return { visit, look: await peek(visit) };
}

/** What a holder of the link is told who only looks. */
export async function look(link: string): Promise<PeekAnswer> {
  return (await holds(link, 'computer')).look;
}

/** Takes a view on another device, and confirms it unless told not to. */
export async function open(link: string, { device = 'phone', confirm = true }: { device?: DeviceName; confirm?: boolean } = {}): Promise<Shown> {
  const { visit, look } = await holds(link, device);
  const shown = await claim(visit, look);
  if (!shown) throw new Error('nothing was open for this device');
  if (confirm) await acknowledge(visit, shown);
  return shown;
}

/** A device that a secret is bound to, or that would have it; it lives as long as the test. */
export interface Keeper {
  /** The digits on its screen, once it has asked. */
  code: string;
  /** Opens again, or what was handed over. */
  text(): Promise<string | undefined>;
  /** Gives the secret to the one device that asks. */
  giveAway(): Promise<boolean>;
}

function keeper(visit: Visit, code: string): Keeper {
  return {
    code,
    text: async () => (await reopen(visit))?.text,
    giveAway: async () => {
      const [asked] = (await peek(visit)).bound?.asks ?? [];
      if (!asked) throw new Error('no device asks');
      return give(visit, asked);
    },
  };
}

/** Opens a device-bound secret first, on another device. */
export async function bind(link: string, device: DeviceName = 'phone'): Promise<Keeper> {
  const { visit, look } = await holds(link, device);
  const shown = await claim(visit, look);
  if (!shown) throw new Error('nothing was open for this device');
  await acknowledge(visit, shown);
  return keeper(visit, '');
}

/** Asks, on another device, for what is bound to the first. */
export async function askFor(link: string, device: DeviceName = 'phone'): Promise<Keeper> {
  const { visit } = await holds(link, device);
  visit.durable = true;
  return keeper(visit, (await ask(visit)).code);
}

/** As wrong as any passphrase, and without the second that Argon2id takes. */
const wrong: Argon2id = async (passphrase, salt) => sha256(Uint8Array.from([...passphrase, ...salt]));

/** Enters a wrong passphrase so many times; `between` runs after each. */
export async function guess(link: string, times: number, between: () => void = () => {}): Promise<void> {
  const { visit, look } = await holds(link, 'phone');
  for (let i = 0; i < times; i++) {
    try {
      await claim(visit, look, { text: `guess ${i}`, argon2id: wrong });
    } catch (error) {
      if (!isProblem(error, 'wrong-key')) throw error;
    }
    between();
  }
}
