import { isProblem, type Problem } from '@waxseal/api';
import type { Page } from '../api/types.ts';

/** What a page shows comes from the server: it is awaited, here, or did not come. Another fault is not ours to hide. */
export class Loaded<T> {
  value = $state.raw<T>();
  problem = $state.raw<Problem | null>(null);
  readonly #fetch: () => Promise<T>;
  #turn = 0;

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch;
    void this.load();
  }

  /** Asks again; what is shown stays until the answer is there. An answer that a younger request overtook is dropped. */
  readonly load = async (): Promise<void> => {
    const turn = ++this.#turn;
    try {
      const value = await this.#fetch();
      if (turn === this.#turn) [this.value, this.problem] = [value, null];
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (turn === this.#turn) this.problem = error;
    }
  };

  /** Shows what an act answered. What was asked for before that is older, and dropped. */
  readonly put = (value: T): void => {
    this.#turn += 1;
    [this.value, this.problem] = [value, null];
  };
}

/** A list that the server gives in pages. */
export class Listed<Item> {
  items = $state.raw<Item[]>();
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  #next = $state<string | null>(null);
  readonly #fetch: (cursor: string | undefined) => Promise<Page<Item>>;
  #turn = 0;
  #last = (): Promise<void> => this.load();

  constructor(fetch: (cursor: string | undefined) => Promise<Page<Item>>) {
    this.#fetch = fetch;
    void this.load();
  }

  get more(): boolean {
    return this.#next !== null;
  }

  /** From the beginning. */
  readonly load = (): Promise<void> => this.#page(undefined, () => []);

  readonly loadMore = (): Promise<void> => this.#page(this.#next ?? undefined, () => this.items ?? []);

  /** What did not come is asked for once more. */
  readonly again = (): Promise<void> => this.#last();

  /** Puts a changed item in its place, or a new one first. */
  put(item: Item, same: (item: Item) => boolean): void {
    const items = this.items ?? [];
    this.items = items.some(same) ? items.map((old) => (same(old) ? item : old)) : [item, ...items];
  }

  async #page(cursor: string | undefined, before: () => Item[]): Promise<void> {
    const turn = ++this.#turn;
    this.#last = () => this.#page(cursor, before);
    this.busy = true;
    try {
      const { items, next } = await this.#fetch(cursor);
      if (turn !== this.#turn) return;
      [this.items, this.problem, this.#next] = [[...before(), ...items], null, next ?? null];
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (turn === this.#turn) this.problem = error;
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}

/** One act of a person: it is under way, was refused, or is done. */
export class Act {
  busy = $state(false);
  problem = $state.raw<Problem | null>(null);

  /** Gives whether it was done. While it is under way, another press does nothing. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = null;
    try {
      await work();
      return true;
    } catch (error) {
      if (!isProblem(error)) throw error;
      this.problem = error;
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** What the server says about one field of the form, if that is what was wrong. */
  fault(field: string): string | undefined {
    const document = this.problem?.document;
    return document?.field === field ? document.detail : undefined;
  }
}
