import { isCode } from '../../api/client.ts';
import { Act } from '../../shell/loading.svelte.ts';
import { HOLD_BACK_MS } from './domains.ts';

/** Looks that somebody asks for: wherever the button stands, it is the same one. */
export class Looking extends Act {
  /** Seconds until it may be asked again. */
  left = $state(0);

  async look(ask: () => Promise<void>): Promise<void> {
    if (await this.run(ask)) this.#holdBack(HOLD_BACK_MS);
    // Somebody else has just asked, or the service by itself: that is no fault, and it is asked as soon as it may be.
    if (!isCode(this.problem, 'held-back')) return;
    this.#holdBack(this.problem.retryAfterMs ?? HOLD_BACK_MS, () => void this.look(ask));
    this.problem = null;
  }

  #holdBack(ms: number, then?: () => void): void {
    this.left = Math.ceil(ms / 1_000);
    const timer = setInterval(() => {
      this.left -= 1;
      if (this.left > 0) return;
      clearInterval(timer);
      then?.();
    }, 1_000);
  }
}
