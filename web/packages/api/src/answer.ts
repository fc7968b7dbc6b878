import { CHANNEL_TYPE, isRefused, openAnswer, type SealedRequest } from '@waxseal/crypto';
import { noChannel, Problem } from './problem.ts';
import type { ProblemCode, ProblemDocument } from './types.ts';

/** The answer's records, opened as they arrive. Throws `no-channel` for one that is not sealed to this request. */
export async function* opened(sealed: SealedRequest, { headers, body }: Response): AsyncGenerator<string> {
  if (headers.get('Content-Type') !== CHANNEL_TYPE || !body) throw noChannel();
  try {
    yield* openAnswer(sealed, chunks(body));
  } catch (error) {
    throw isRefused(error) ? noChannel() : error;
  }
}

/** The one record of an answer that is no stream. */
export async function openedWhole(sealed: SealedRequest, response: Response): Promise<unknown> {
  const records: string[] = [];
  for await (const record of opened(sealed, response)) records.push(record);
  if (records.length !== 1) throw noChannel();
  return JSON.parse(records[0] ?? '');
}

/** A stream's chunks. (Safari's streams are not iterable.) */
async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** What a server may answer before it has opened the request (`docs/protocol.md` §11). All else must be sealed. */
const IN_THE_OPEN: ProblemCode[] = [
  'channel-key',
  'malformed',
  'method',
  'timeout',
  'misdirected',
  'too-large',
  'media-type',
  'rate-limited',
  'internal',
  'no-answer',
  'domain-held',
  'payments-unavailable',
  'unavailable',
];

/** Reads the problem out of an answer that is not a success. */
export async function problemOf(response: Response, sealed?: SealedRequest): Promise<Problem> {
  // Our server writes seconds; a proxy's date is not a number and counts as none.
  const wait = Number(response.headers.get('Retry-After')) * 1_000 || null;
  const type = response.headers.get('Content-Type');
  if (sealed && type === CHANNEL_TYPE) return new Problem((await openedWhole(sealed, response)) as ProblemDocument, wait);
  if (!type?.startsWith('application/problem+json')) return new Problem(null, wait);
  const document = (await response.json()) as ProblemDocument;
  if (!document.code) return new Problem(null, wait);
  return IN_THE_OPEN.includes(document.code) ? new Problem(document, wait) : noChannel();
}
