import { peekKey, toB64u } from '@waxseal/crypto';
import { isProblem, type State } from '@waxseal/api';
import type { Shown } from './claim.ts';
import { signed } from './signed.ts';
import { forget, type Visit } from './visit.ts';

/** A claim's window is 10 minutes, so several heartbeats may get lost before it closes. */
const HEARTBEAT_MS = 120_000;
const RETRY_MS = 10_000;
const ACK_PAUSES = [1_000, 2_000, 5_000, 15_000];

const PASSING = ['no-answer', 'unavailable', 'internal', 'rate-limited', 'timeout'] as const;

/** Another tab used larger counters: asks the server for the last one. */
async function catchUp(visit: Visit, shown: Shown): Promise<void> {
  const proof = { peek: toB64u(await peekKey(visit.tokenKey)) };
  const { claim } = await signed(visit, shown.keys, 'recover', proof);
  if (claim) shown.counter = claim.counter;
}

/** Every request of a claim carries a larger counter, so a captured one is worth nothing twice. */
async function sendAck(visit: Visit, shown: Shown): Promise<void> {
  const { claim, keys, ack } = shown;
  await signed(visit, keys, 'ack', { claim, counter: ++shown.counter, ack: toB64u(ack) });
}

/**
 * Acknowledges what is shown, which destroys the view on the server, and deletes this device's keys. A lost answer is
 * asked for again: the server repeats it. `lapsed` means that the window closed first (delivered, not confirmed).
 * Stop `keepOpen` before calling it.
 */
export async function acknowledge(visit: Visit, shown: Shown): Promise<'acked' | 'lapsed'> {
  for (const pause of [...ACK_PAUSES, null]) {
    try {
      await sendAck(visit, shown);
      break;
    } catch (error) {
      if (isProblem(error, 'gone')) {
        await forget(visit);
        return 'lapsed';
      }
      if (pause === null || !isProblem(error, 'conflict', ...PASSING)) throw error;
      if (error.code === 'conflict') await catchUp(visit, shown);
      else await visit.wait(error.retryAfterMs ?? pause);
    }
  }
  await forget(visit);
  return 'acked';
}

/**
 * Keeps the claim's window open while the text is shown and not yet acknowledged (a hidden page, a lost connection).
 * Resolves with the secret's state when nothing is open any more (`burned`: hide the text), with null when `signal`
 * aborts.
 */
export async function keepOpen(visit: Visit, shown: Shown, signal: AbortSignal): Promise<State | null> {
  let pause = HEARTBEAT_MS;
  while (!signal.aborted) {
    try {
      await visit.wait(pause, signal);
      pause = HEARTBEAT_MS;
      await signed(visit, shown.keys, 'heartbeat', { claim: shown.claim, counter: ++shown.counter });
    } catch (error) {
      if (signal.aborted) break;
      if (isProblem(error, 'gone')) return error.document?.state ?? null;
      if (!isProblem(error, 'conflict', ...PASSING)) throw error;
      if (error.code === 'conflict') await catchUp(visit, shown);
      pause = error.retryAfterMs ?? RETRY_MS;
    }
  }
  return null;
}
