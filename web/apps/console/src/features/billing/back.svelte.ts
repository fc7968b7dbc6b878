import { isProblem, type Problem } from '@waxseal/api';
import { isLate, isSubscribed } from './billing.ts';
import type { Billing } from '../../api/billing.ts';

/** How often the server is asked what became of a payment, and how long apart: it asks Stripe at most so often. */
export const ASKED = 12;
export const EVERY_MS = 5_000;
/** After the portal only while a payment is late: it may have been settled there, or not. */
export const ASKED_AFTER_PORTAL = 3;

/** Of whom somebody comes back, as the address says it (`docs/billing.md` §6). */
export type From = 'checkout' | 'left' | 'portal';

/** What became of it: it is asked, it is there, Stripe does not know it yet, nothing was bought. */
export type Came = 'asking' | 'there' | 'late' | 'left';

interface Asked {
  refresh: () => Promise<Billing>;
  /** Resolves after so many milliseconds. */
  wait: (ms: number) => Promise<void>;
  shown: (billing: Billing) => void;
}

/** Somebody is back from Stripe's pages, and what they did there may not have arrived yet. */
export class Back {
  came = $state<Came | null>(null);
  problem = $state.raw<Problem | null>(null);
  readonly #asked: Asked;
  #gone = false;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  async from(from: From | null): Promise<void> {
    if (from === 'left') this.came = 'left';
    if (from === 'checkout') await this.checkout();
    if (from === 'portal') await this.#portal();
  }

  /** Asks until the subscription is there, a bounded number of times. */
  readonly checkout = async (): Promise<void> => {
    this.came = 'asking';
    for (let left = ASKED; left > 0 && !this.#gone; left -= 1) {
      const billing = await this.#once();
      if (billing && isSubscribed(billing)) return void (this.came = 'there');
      if (left > 1) await this.#asked.wait(EVERY_MS);
    }
    if (!this.#gone) this.came = 'late';
  };

  /** The server asks Stripe at most so often: what it just heard may be from before the payment. */
  async #portal(): Promise<void> {
    for (let left = ASKED_AFTER_PORTAL; left > 0 && !this.#gone; left -= 1) {
      const billing = await this.#once();
      if (billing && !isLate(billing)) return;
      if (left > 1) await this.#asked.wait(EVERY_MS);
    }
  }

  /** Nobody looks any more. */
  readonly leave = (): void => {
    this.#gone = true;
  };

  async #once(): Promise<Billing | null> {
    try {
      const billing = await this.#asked.refresh();
      this.problem = null;
      this.#asked.shown(billing);
      return billing;
    } catch (error) {
      if (!isProblem(error)) throw error;
      this.problem = error;
      return null;
    }
  }
}
