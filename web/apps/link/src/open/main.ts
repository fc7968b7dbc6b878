import { isProblem, type PeekAnswer } from '@waxseal/api';
import { Refused } from '@waxseal/crypto';
import { acknowledge, arrive, claim, keepOpen, peek, recover, StorageRefused, type Shown, type Visit } from '@waxseal/flow/open';
import { argon2id } from '../shell/argon2.ts';
import { PLAIN } from '../shell/brand.ts';
import { inTime, startShell } from '../shell/start.ts';
import { lang } from '../shell/words.ts';
import { isLast, next, onScreen, type Event, type State } from './machine.ts';
import { noticesFor } from './notices.ts';
import { stage, type Around } from './view.ts';

/** How often a page that still shows a text asks whether the sender has destroyed the secret meanwhile. */
const WATCH_MS = 15_000;
/** Pause between whole rounds of acknowledging, each of which already tries several times. */
const AGAIN_MS = 15_000;

/** In this entry of the browser's history the secret was opened: a reload must not call the link damaged. */
const OPENED = { opened: true };

async function main(): Promise<void> {
  let state: State = { name: 'loading' };
  let visit: Visit | null = null;

  const dispatch = (event: Event): void => {
    state = next(state, event);
    show(state);
  };
  const fail = (error: unknown): void => {
    if (error instanceof Refused) dispatch({ type: 'refused', code: error.code });
    else if (isProblem(error)) dispatch({ type: 'problem', problem: error, nowMs: Date.now() });
    else throw error;
  };

  const look = async (): Promise<void> => {
    try {
      visit ??= await arrive(location.href, { language: lang });
      around.notices = noticesFor(visit.durable, navigator.userAgent);
      const answer = await peek(visit);
      await branded;
      const shown = answer.yours === 'open' ? await recover(visit) : null;
      if (shown) opened(visit, answer, shown, true);
      else dispatch({ type: 'peeked', look: answer, nowMs: Date.now() });
    } catch (error) {
      fail(error);
    }
  };

  const open = async (passphrase: string | null): Promise<void> => {
    if (!visit || !('look' in state) || !state.look) return;
    const { look: before } = state;
    dispatch({ type: 'gesture', step: passphrase === null ? 'claim' : 'stretch' });
    try {
      const shown = await claim(visit, before, passphrase === null ? undefined : { text: passphrase, argon2id: stretch });
      if (shown) opened(visit, before, shown, false);
      else await look();
    } catch (error) {
      if (error instanceof StorageRefused) await look();
      else fail(error);
    }
  };

  const stretch: typeof argon2id = async (...job) => {
    const key = await argon2id(...job);
    dispatch({ type: 'gesture', step: 'claim' });
    return key;
  };

  const opened = (visit: Visit, look: PeekAnswer, shown: Shown, again: boolean): void => {
    history.replaceState(OPENED, '', location.pathname);
    dispatch({ type: 'opened', look, text: shown.text, again });
    void confirm(visit, shown, isLast(look, again));
  };

  /** Acknowledges once the text was painted where somebody can see it; keeps the claim open until then. */
  const confirm = async (visit: Visit, shown: Shown, last: boolean): Promise<void> => {
    while (onScreen(state)) {
      const seen = new AbortController();
      void painted().then(() => seen.abort());
      if ((await keepOpen(visit, shown, seen.signal)) === 'burned') return dispatch({ type: 'burned' });
      try {
        const end = await acknowledge(visit, shown);
        dispatch({ type: 'fate', fate: end === 'lapsed' ? 'lapsed' : last ? 'destroyed' : 'used' });
        return last ? undefined : watch(visit);
      } catch {
        dispatch({ type: 'fate', fate: 'unconfirmed' });
        await visit.wait(AGAIN_MS);
      }
    }
  };

  /** Others may still open theirs, so the sender may still destroy it: this page then hides what it shows. */
  const watch = async (visit: Visit): Promise<void> => {
    while (onScreen(state)) {
      await visit.wait(WATCH_MS);
      const answer = await peek(visit).catch(() => null);
      if (onScreen(state) && answer?.state === 'burned') dispatch({ type: 'burned' });
    }
  };

  const around: Around = {
    brand: PLAIN,
    notices: [],
    actions: {
      open: (passphrase) => void open(passphrase),
      hide: () => onScreen(state) && dispatch({ type: 'hide', hidden: !state.hidden }),
      done: () => dispatch({ type: 'done' }),
      retry: () => {
        dispatch({ type: 'retry' });
        void look();
      },
    },
  };
  const show = stage(around);
  show(state);
  // Both questions are asked at once: the page is ready one round trip after its script.
  const brand = startShell();
  const branded = inTime(brand);
  void brand.then((brand) => {
    around.brand = brand;
  });
  addEventListener('beforeunload', (event) => onScreen(state) && event.preventDefault());
  addEventListener('hashchange', () => location.reload());
  // A page that the browser kept for "back" would show its text again.
  addEventListener('pageshow', (event) => event.persisted && location.reload());
  if (!globalThis.crypto?.subtle) dispatch({ type: 'unsupported' });
  else if (!location.hash && (history.state as typeof OPENED | null)?.opened) await arriveAgain();
  else await look();

  /** Opened here before: recover it if this device still can, else say that it is over. */
  async function arriveAgain(): Promise<void> {
    visit = await arrive(location.href, { language: lang }).catch(() => null);
    if (visit) await look();
    else dispatch({ type: 'done' });
  }
}

/** Resolves after the next paint of a page that somebody can see. */
async function painted(): Promise<void> {
  while (document.visibilityState !== 'visible') {
    await new Promise((seen) => document.addEventListener('visibilitychange', seen, { once: true }));
  }
  await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
}

void main();
