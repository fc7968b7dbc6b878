import { getContext, setContext } from 'svelte';

/** What the components themselves say. Everything else they are given. */
export interface UiWords {
  readonly lang: string;
  readonly optional: string;
  readonly show: string;
  readonly hide: string;
  readonly copy: string;
  readonly copied: string;
  readonly copyFailed: string;
  readonly cancel: string;
  readonly close: string;
  readonly retry: string;
  readonly loading: string;
  readonly more: string;
  readonly dismiss: string;
  readonly notices: string;
  readonly actions: string;
  readonly menu: string;
  readonly skip: string;
  readonly language: string;
  readonly theme: string;
  readonly themes: Readonly<Record<Theme, string>>;
  /** From hopeless to strong, as `strength()` counts. */
  readonly strength: readonly [string, string, string, string];
  /** What to type to confirm. */
  typeToConfirm(text: string): string;
  /** How a fault is quoted to those who can look it up. */
  quote(request: string): string;
  time(ms: number): string;
  relative(ms: number, nowMs: number): string;
}

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

const KEY = Symbol('words');

/** The words, by a getter: they follow the reader's language while components stand. */
interface Spoken {
  readonly current: UiWords;
}

/** Every component below speaks these words. */
export const provideWords = <S extends Spoken>(spoken: S): S => setContext(KEY, spoken);

export function useWords(): Spoken {
  return getContext<Spoken>(KEY);
}
