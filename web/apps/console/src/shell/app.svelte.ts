import { getContext, setContext } from 'svelte';
import { langOf } from '@waxseal/i18n';
import { Toasts, type Theme } from '@waxseal/ui/components';
import { Api, type World } from '../api/client.ts';
import type { Account, SessionAnswer } from '../api/types.ts';
import { canUsePasskeys } from './passkeys.ts';
import { keepTheme, readLanguage, readTheme } from './preferences.ts';
import { Router } from './router.svelte.ts';
import { safeReturn } from './routes.ts';
import { Words } from './words.svelte.ts';

/** What the console has besides its pages. */
export class App {
  readonly words = new Words(readLanguage());
  readonly router = new Router();
  readonly toasts = new Toasts();
  readonly api: Api;
  /** Streams of the server; a parameter, so that a gallery needs no server. */
  readonly events: (path: string) => EventSource;
  theme = $state<Theme>(readTheme());
  /** Who is signed in; undefined until the server has said it. */
  session = $state.raw<SessionAnswer>();
  account = $state.raw<Account>();
  /** The session ended while the page stood: the sign-in page says so. */
  ended = $state(false);
  /** An act waits for fresh proof; whoever asks for it answers. */
  stepUp = $state.raw<((given: boolean) => void) | null>(null);

  constructor(world: Partial<World> & { events?: (path: string) => EventSource } = {}) {
    const { fetch = globalThis.fetch.bind(globalThis), language = () => this.words.lang, events } = world;
    this.events = events ?? ((path) => new EventSource(path));
    this.api = new Api({ ...world, fetch, language });
    this.api.onSignedOut = () => this.#signedOut();
    this.api.onStepUp = () => new Promise((resolve) => (this.stepUp = resolve));
  }

  /** Asks who is signed in, and who they are. */
  async begin(): Promise<void> {
    const session = await this.api.session();
    if (session.signed_in) this.account = await this.api.get<Account>('/v1/account');
    this.session = session;
  }

  /** Whether passkeys are for this server and this browser. */
  get passkeys(): boolean {
    return this.session?.passkeys === true && canUsePasskeys();
  }

  /** There is a safer way in than the password, or a step after it. */
  get guarded(): boolean {
    return this.account !== undefined && (this.account.totp || this.account.passkeys > 0);
  }

  /** Whoever has the password is in: passkeys stand beside it, and ask for nothing. */
  get passwordAlone(): boolean {
    return this.account?.has_password === true && !this.account.totp;
  }

  async refreshAccount(): Promise<void> {
    this.account = await this.api.get<Account>('/v1/account');
  }

  /** Signed in: on to where one wanted to go. */
  async signedIn(wanted: string | null = null): Promise<void> {
    await this.begin();
    this.ended = false;
    const lang = this.account && langOf(this.account.lang);
    if (lang && !/(?:^|;\s*)lang=/.test(document.cookie)) this.words.choose(lang);
    await this.router.go(safeReturn(wanted, location.origin), { replace: true });
  }

  async signOut(): Promise<void> {
    await this.api.post('/v1/sign-out');
    this.account = undefined;
    this.session = await this.api.session();
    await this.router.go('/sign-in');
  }

  chooseTheme(theme: Theme): void {
    this.theme = theme;
    keepTheme(theme);
  }

  #signedOut(): void {
    if (!this.session?.signed_in) return;
    this.session = { ...this.session, signed_in: false };
    this.account = undefined;
    this.ended = true;
    void this.api.session();
  }
}

const KEY = Symbol('app');

export const provideApp = (app: App): App => setContext(KEY, app);
export const useApp = (): App => getContext<App>(KEY);
