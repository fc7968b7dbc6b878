import { toB64u } from '@waxseal/crypto';
import { isProblem, Problem, type State } from '@waxseal/api';
import type { Shown } from './claim.ts';
import { recoverClaim, signed, type Fields } from './signed.ts';
import { forget, forgetAttempt, learn, type Visit } from './visit.ts';

/** A claim's window is 10 minutes (`docs/protocol.md` §6), so several heartbeats may get lost before it closes. */
const HEARTBEAT_MS = 60_000;
const RETRY_MS = 10_000;
const ACK_PAUSES = [1_000, 2_000, 5_000, 15_000];

const PASSING = ['no-answer', 'unavailable', 'internal', 'rate-limited', 'timeout'] as const;

/**
 * Sends the claim's next request. Every one carries a larger counter, so a captured request is worth nothing twice.
 * The server refuses a counter when another tab of this device is ahead, and when the claim has ended: a recover tells
 * which, and how far to go.
 */
async function next<R extends 'heartbeat' | 'ack'>(visit: Visit, shown: Shown, route: R, fields: object): Promise<void> {
  const send = () =>
    signed(visit, shown.keys, route, { ...fields, claim: shown.claim, counter: ++shown.counter } as Fields<R>);
  try {
    await send();
  } catch (error) {
    const document = isProblem(error, 'invalid') && error.document;
    if (!document || document.field !== 'counter') throw error;
    const claim = await recoverClaim(visit, shown.keys);
    if (!claim) throw new Problem({ ...document, code: 'gone' });
    shown.counter = claim.counter;
    await send();
  }
}

/**
 * Acknowledges what is shown, which destroys the view on the server, and deletes this device's keys. A device-bound
 * secret stays instead: its content key is on the disk before the server hears that it may delete its own. A lost answer
 * is asked for again: the server repeats it. `lapsed` means that the claim ended first (its window closed, or the sender
 * burned the secret): delivered, not confirmed. Stop `keepOpen` before calling it.
 */
export async function acknowledge(visit: Visit, shown: Shown): Promise<'acked' | 'lapsed'> {
  const stays = shown.policy.kind === 'device_bound';
  if (stays) await learn(visit, { kept: { cek: shown.cek, header: shown.sealed.header } });
  for (const pause of [...ACK_PAUSES, null]) {
    try {
      await next(visit, shown, 'ack', { ack: toB64u(shown.ack), copy: visit.keys?.device.copy });
      break;
    } catch (error) {
      if (isProblem(error, 'gone')) {
        await forget(visit);
        return 'lapsed';
      }
      if (pause === null || !isProblem(error, ...PASSING)) throw error;
      await visit.wait(error.retryAfterMs ?? pause);
    }
  }
  await (stays ? forgetAttempt(visit) : forget(visit));
  return 'acked';
}

/**
 * Keeps the claim's window open while the text is shown and not yet acknowledged (a hidden page, a lost connection).
 * Resolves when `signal` aborts or the claim has ended, and then with the secret's state if that ended too (`burned`:
 * hide the text). A later `acknowledge` says how the claim ended.
 */
export async function keepOpen(visit: Visit, shown: Shown, signal: AbortSignal): Promise<State | null> {
  let pause = HEARTBEAT_MS;
  while (!signal.aborted) {
    try {
      await visit.wait(pause, signal);
      pause = HEARTBEAT_MS;
      await next(visit, shown, 'heartbeat', {});
    } catch (error) {
      if (signal.aborted) break;
      if (isProblem(error, 'gone')) return error.document?.state ?? null;
      if (!isProblem(error, ...PASSING)) throw error;
      pause = error.retryAfterMs ?? RETRY_MS;
    }
  }
  return null;
}
