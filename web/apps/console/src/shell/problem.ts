import type { Problem } from '@waxseal/api';
import type { Words } from './words.svelte.ts';

/** A problem in words: what happened, and what one can do. The server's own words are in the reader's language already. */
export function problemWords({ t, say }: Words, problem: Problem, reading = false): { title: string; body: string } {
  const { document, retryAfterMs } = problem;
  // Without an answer nobody knows what was done; but looking at something does nothing.
  if (!document) return { title: t('problem.no-answer.title'), body: t(reading ? 'problem.no-answer.reading' : 'problem.no-answer.body') };
  const again = retryAfterMs && document.code !== 'held-back' ? ` ${t('problem.again', { time: say.duration(retryAfterMs) })}` : '';
  return { title: document.title, body: document.detail + again };
}
