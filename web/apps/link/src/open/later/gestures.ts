import type { Ask, PeekAnswer } from '@waxseal/api';
import { ask as askFor, forget as forgetKeys, give as giveTo, reopen } from '@waxseal/flow/bound';
import type { Visit } from '@waxseal/flow/open';
import type { Event } from '../machine.ts';

/** What a gesture needs of the page that it happens on. */
export interface Page {
  visit: Visit;
  dispatch(event: Event): void;
  /** Looks anew and shows what it finds. */
  look(): Promise<void>;
  /** Takes the key out of the address bar. */
  strip(look: PeekAnswer): void;
  /** Begins to look again now and then. */
  watch(): void;
}

/** What is done on a page when somebody presses a button. */
export type Gesture = (page: Page) => Promise<void>;

/** Shows again what is bound to this device. */
export async function again({ visit, dispatch, look, strip, watch }: Page): Promise<void> {
  dispatch({ type: 'gesture', step: 'claim' });
  const reopened = await reopen(visit);
  if (!reopened) return look();
  strip(reopened.look);
  dispatch({ type: 'returned', ...reopened });
  watch();
}

export async function ask({ visit, dispatch, watch }: Page): Promise<void> {
  const { code, endsAtMs } = await askFor(visit);
  dispatch({ type: 'asked', code, endsAtMs, nowMs: Date.now() });
  watch();
}

export async function stopAsking({ dispatch }: Page): Promise<void> {
  dispatch({ type: 'stop-asking' });
}

export const give =
  (to: Ask): Gesture =>
  async ({ visit, dispatch, look }) => {
    if (await giveTo(visit, to)) dispatch({ type: 'gave' });
    else await look();
  };

export async function forget({ visit, dispatch }: Page): Promise<void> {
  await forgetKeys(visit);
  dispatch({ type: 'forgotten' });
}
