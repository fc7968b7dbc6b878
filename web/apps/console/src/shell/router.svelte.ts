import { tick } from 'svelte';
import { find, type Found } from './routes.ts';

/** What a page hands to the next one and nobody else: an address must not stand in a URL. */
export type Handed = Readonly<Record<string, string>>;

/** The History API, and what people expect of it: titles, focus, scroll, and links that open in another tab. */
export class Router {
  #url = $state.raw(new URL(location.href));
  #handed = $state.raw<Handed>({});
  #turn = 0;
  /** What must come before a page can be shown: until then the page before it stays. Null if nothing has to. */
  prepare: (found: Found) => Promise<void> | null = () => null;
  readonly found: Found = $derived(find(this.#url.pathname));
  readonly query: URLSearchParams = $derived(this.#url.searchParams);

  constructor() {
    addEventListener('popstate', () => void this.#back());
    document.addEventListener('click', (event) => this.#follow(event));
  }

  get path(): string {
    return this.#url.pathname;
  }

  /** What the page is about, where its path names it. */
  get thing(): string | undefined {
    return this.found.kind === 'organization' ? this.found.thing : undefined;
  }

  get handed(): Handed {
    return this.#handed;
  }

  /** Goes to a path of this console, unless one goes elsewhere before it can be shown. */
  async go(path: string, { replace = false, handed = {} }: { replace?: boolean; handed?: Handed } = {}): Promise<void> {
    const coming = this.#coming(path);
    if (coming && !(await coming)) return;
    history[replace ? 'replaceState' : 'pushState'](handed, '', path);
    this.#arrive(handed);
    scrollTo(0, 0);
    await tick();
    focusHeading();
  }

  /** Changes what stands after `?` without going anywhere: filters, that a reload and a shared address keep. */
  filter(query: Readonly<Record<string, string>>): void {
    const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
    history.replaceState(history.state, '', search ? `${this.path}?${search}` : this.path);
    this.#url = new URL(location.href);
  }

  /** Takes the token out of the address bar, where it could be read over a shoulder or kept in a history. */
  takeFragment(): string | null {
    const token = location.hash.slice(1);
    if (token) history.replaceState(history.state, '', location.pathname + location.search);
    return token || null;
  }

  async #back(): Promise<void> {
    const handed = history.state as Handed | null;
    const coming = this.#coming(location.pathname);
    if (!coming || (await coming)) this.#arrive(handed);
  }

  /** Whether one still wants to go there when what is needed has come. Null: it is there, and no moment is lost. */
  #coming(path: string): Promise<boolean> | null {
    const turn = ++this.#turn;
    return this.prepare(find(new URL(path, location.origin).pathname))?.then(() => turn === this.#turn) ?? null;
  }

  #arrive(handed: Handed | null): void {
    this.#url = new URL(location.href);
    this.#handed = handed ?? {};
  }

  #follow(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || event.defaultPrevented || link.origin !== location.origin) return;
    // What is no page of ours is the browser's to open: files that the server makes, and its own pages.
    if (link.target || link.hasAttribute('download') || find(link.pathname).kind === 'missing') return;
    event.preventDefault();
    void this.go(link.pathname + link.search);
  }
}

/** Who cannot see that the page changed is told by its heading. */
function focusHeading(): void {
  document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
}
