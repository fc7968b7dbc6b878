import { getContext, setContext, untrack } from 'svelte';
import type { Billing } from '../api/billing.ts';
import type { Membership } from '../api/types.ts';
import type { App } from './app.svelte.ts';
import { Loaded } from './loading.svelte.ts';

/** How each organization stands with its plan: asked once, and whatever an act changes is seen wherever it is shown. */
export class Billings {
  readonly #app: App;
  readonly #of = new Map<string, Loaded<Billing>>();

  constructor(app: App) {
    this.#app = app;
  }

  of({ id }: Membership): Loaded<Billing> {
    const known = this.#of.get(id) ?? untrack(() => new Loaded(() => this.#app.api.get<Billing>(`/v1/organizations/${id}/billing`)));
    this.#of.set(id, known);
    return known;
  }
}

const KEY = Symbol('billing');

export const provideBillings = (billings: Billings): Billings => setContext(KEY, billings);
export const useBillings = (): Billings => getContext<Billings>(KEY);
