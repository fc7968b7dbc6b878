import type { ProblemCode, ProblemDocument } from './types.ts';

/**
 * A request that did not end in an answer of its route: the server's problem document, or `no-answer` when nothing
 * usable came back (offline, timeout, a proxy's page). After `no-answer` the server may or may not have done the work.
 */
export class Problem extends Error {
  declare readonly code: ProblemCode | 'no-answer';
  /** The document; null with `no-answer`. */
  declare readonly document: ProblemDocument | null;
  /** Milliseconds that the server asks to wait (`Retry-After`), if it does. */
  declare readonly retryAfterMs: number | null;

  constructor(document: ProblemDocument | null, retryAfterMs: number | null = null) {
    const code = document?.code ?? 'no-answer';
    super(code);
    this.code = code;
    this.document = document;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether an error is a problem with one of these codes. */
export function isProblem(error: unknown, ...codes: Problem['code'][]): error is Problem {
  return error instanceof Problem && (codes.length === 0 || codes.includes(error.code));
}

/** Reads the problem out of an answer that is not a success. */
export async function problemOf(response: Response): Promise<Problem> {
  const json = response.headers.get('Content-Type')?.startsWith('application/problem+json');
  const document = json ? ((await response.json()) as ProblemDocument) : null;
  // Our server writes seconds; a proxy's date is not a number and counts as none.
  return new Problem(document, Number(response.headers.get('Retry-After')) * 1_000 || null);
}
