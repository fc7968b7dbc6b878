import type { PeekAnswer } from '@waxseal/api';
import { byId } from '@waxseal/ui';
import { say } from '../shell/words.ts';

/** Shows who sent it, by the server's own rows. The words are in the shell; texts of a brand have no part in them. */
export function showSender({ sender }: PeekAnswer): void {
  if (!sender) return;
  const { by, member, proven_since_ms } = sender;
  const holds = [member ? 'named' : by, proven_since_ms === null ? 'given' : 'proven'];
  const values = { ...sender, since: say.date(proven_since_ms ?? 0) };
  const place = byId('sender');
  for (const part of place.querySelectorAll<HTMLElement>('[data-of],[data-if]')) {
    const { of, if: condition } = part.dataset;
    if (of) part.textContent = String(values[of as keyof typeof values]);
    else part.hidden = !holds.includes(condition as string);
  }
  place.hidden = false;
}
