import type { ProblemCode, ProblemDocument } from './types.ts';

/** What goes wrong without the server saying so. */
export type LocalCode =
  /** Nothing usable came back: offline, a timeout, a proxy's page. The server may or may not have done the work. */
  | 'no-answer'
  /** The request could not be sealed to this server, or its answer was not sealed to the request. */
  | 'no-channel';

/** A request that did not end in an answer of its route: the server's problem document, or one of our own codes. */
export class Problem extends Error {
  override readonly name = 'Problem';
  declare readonly code: ProblemCode | LocalCode;
  /** The document; null with a code of our own. */
  declare readonly document: ProblemDocument | null;
  /** Milliseconds that the server asks to wait (`Retry-After`), if it does. */
  declare readonly retryAfterMs: number | null;

  constructor(document: ProblemDocument | null, retryAfterMs: number | null = null, local: LocalCode = 'no-answer') {
    const code = document?.code ?? local;
    super(code);
    this.code = code;
    this.document = document;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Whether an error is a problem with one of these codes; of any code if none is named. By its name, since scripts that
 * are loaded on demand bring a class of their own.
 */
export function isProblem(error: unknown, ...codes: Problem['code'][]): error is Problem {
  const problem = error instanceof Error && error.name === 'Problem' ? (error as Problem) : null;
  return problem !== null && (codes.length === 0 || codes.includes(problem.code));
}

/** Nothing was sent that could be read on the way, or nothing came back that was meant for us. */
export function noChannel(): Problem {
  return new Problem(null, null, 'no-channel');
}
