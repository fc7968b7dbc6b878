import { opened } from './answer.ts';
import { send, type Caller } from './client.ts';
import { isProblem } from './problem.ts';
import type { ReceiptAnswer, ReceiptRequest } from './types.ts';
import { wait as realWait, type Wait } from './wait.ts';

/** The server writes at least every 15 seconds; a line that is this late means a dead connection. */
const SILENCE_MS = 40_000;
const SLOWEST_RETRY_MS = 30_000;

const ENDED: ReceiptAnswer['state'][] = ['destroyed', 'burned', 'expired'];

export interface Following {
  wait?: Wait | undefined;
}

/** Splits a streamed text at line feeds; yields empty lines too, because they prove that the line is alive. */
export async function* lines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const parts = (rest + piece).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}

/** One connection: the views it brought. Ends without complaint when the connection does. */
async function* connection(caller: Caller, body: string): AsyncGenerator<ReceiptAnswer> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  caller.signal?.addEventListener('abort', abort, { once: true });
  let timer = setTimeout(abort, SILENCE_MS);
  try {
    const { sealed, response } = await send({ ...caller, signal: controller.signal }, 'status', body);
    for await (const line of lines(opened(sealed, response))) {
      clearTimeout(timer);
      timer = setTimeout(abort, SILENCE_MS);
      if (line) yield JSON.parse(line) as ReceiptAnswer;
    }
  } catch (error) {
    caller.signal?.throwIfAborted();
    if (isProblem(error)) throw error;
  } finally {
    clearTimeout(timer);
    caller.signal?.removeEventListener('abort', abort);
    controller.abort();
  }
}

/**
 * Follows a receipt: the view now, then one per change, across dropped connections, until nothing can change any more.
 * Throws the `Problem` that will not pass by waiting; ends when the caller's signal aborts, with its reason.
 */
export async function* follow(
  caller: Caller,
  request: ReceiptRequest,
  { wait = realWait }: Following = {},
): AsyncGenerator<ReceiptAnswer> {
  const body = JSON.stringify(request);
  for (let failures = 0; ; ) {
    let pause: number | null = null;
    try {
      for await (const view of connection(caller, body)) {
        failures = 0;
        yield view;
        if (ENDED.includes(view.state) && view.openings.every((opening) => opening.state !== 'open')) return;
      }
    } catch (error) {
      if (!isProblem(error, 'no-answer', 'rate-limited', 'unavailable', 'internal', 'timeout')) throw error;
      pause = error.retryAfterMs;
    }
    await wait(pause ?? Math.min(SLOWEST_RETRY_MS, 1_000 * 2 ** failures++), caller.signal);
  }
}
