import { parseReceiptLink, toB64u } from '@waxseal/crypto';
import { follow, openChannel, post, wait as realWait, type Caller, type ReceiptAnswer, type ReceiptRequest, type Wait } from '@waxseal/api';

export interface ReceiptWorld {
  fetch?: typeof globalThis.fetch;
  wait?: Wait;
  language?: string;
}

/** Whether what was last seen is what is: `lost` from the first attempt at connecting again that failed. */
export type Line = 'live' | 'lost';

/** What the holder of a receipt link can do. */
export interface Receipt {
  view(): Promise<ReceiptAnswer>;
  /** The view now, then one per change, until nothing can change any more. `heard` is told what becomes of the line. */
  follow(heard?: (line: Line) => void, signal?: AbortSignal): AsyncGenerator<ReceiptAnswer>;
  /** Destroys the secret. It recalls nothing that was already read. */
  burn(): Promise<ReceiptAnswer>;
  /** Resets the count of wrong tries. */
  unlock(): Promise<ReceiptAnswer>;
}

/**
 * Follows, and says how the line is. The server ends every connection after 5 minutes, so one that ended means nothing
 * by itself: only a second pause without a view in between does.
 */
async function* followLine(
  caller: Caller,
  request: ReceiptRequest,
  wait: Wait,
  heard: (line: Line) => void,
): AsyncGenerator<ReceiptAnswer> {
  let pauses = 0;
  const pause: Wait = (ms, signal) => {
    if (++pauses > 1) heard('lost');
    return wait(ms, signal);
  };
  for await (const view of follow(caller, request, { wait: pause })) {
    pauses = 0;
    heard('live');
    yield view;
  }
}

/** Reads the address bar. Refuses with `link-malformed` or `link-damaged` before any request. */
export async function openReceipt(href: string, { fetch, wait = realWait, language }: ReceiptWorld = {}): Promise<Receipt> {
  const { origin, rid, receipt } = await parseReceiptLink(href);
  const caller: Caller = { origin, fetch, language, channel: openChannel(origin, fetch) };
  const request: ReceiptRequest = { rid: toB64u(rid), receipt: toB64u(receipt) };
  return {
    view: () => post(caller, 'receipt', request),
    follow: (heard = () => {}, signal) => followLine({ ...caller, signal }, request, wait, heard),
    burn: () => post(caller, 'burn', request),
    unlock: () => post(caller, 'unlock', request),
  };
}
