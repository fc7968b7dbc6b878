import { parseReceiptLink, toB64u } from '@waxseal/crypto';
import { follow, post, type Caller, type ReceiptAnswer, type ReceiptRequest, type Wait } from '@waxseal/api';

export interface ReceiptWorld {
  fetch?: typeof globalThis.fetch;
  wait?: Wait;
  language?: string;
}

/** What the holder of a receipt link can do. */
export interface Receipt {
  view(): Promise<ReceiptAnswer>;
  /** The view now, then one per change, until nothing can change any more. */
  follow(signal?: AbortSignal): AsyncGenerator<ReceiptAnswer>;
  /** Destroys the secret. It recalls nothing that was already read. */
  burn(): Promise<ReceiptAnswer>;
  /** Resets the count of wrong tries. */
  unlock(): Promise<ReceiptAnswer>;
}

/** Reads the address bar. Refuses with `link-malformed` or `link-damaged` before any request. */
export async function openReceipt(href: string, { fetch, wait, language }: ReceiptWorld = {}): Promise<Receipt> {
  const { origin, rid, receipt } = await parseReceiptLink(href);
  const caller: Caller = { origin, fetch, language };
  const request: ReceiptRequest = { rid: toB64u(rid), receipt: toB64u(receipt) };
  return {
    view: () => post(caller, 'receipt', request),
    follow: (signal) => follow({ ...caller, signal }, request, { wait }),
    burn: () => post(caller, 'burn', request),
    unlock: () => post(caller, 'unlock', request),
  };
}
