import { isProblem, type PeekAnswer } from '@waxseal/api';
import { isRefused } from '@waxseal/crypto';
import { acknowledge, arrive, claim, keepOpen, peek, recover, StorageRefused, type Shown, type Visit } from '@waxseal/flow/open';
import { PLAIN } from '../shell/brand.ts';
import { load } from '../shell/scripts.ts';
import { inTime, startShell } from '../shell/start.ts';
import { lang } from '../shell/words.ts';
import { isLast, lookAgainMs, losing, next, onScreen, type Event, type State } from './machine.ts';
import { noticesFor } from './notices.ts';
import type { Gesture, Page } from './later/gestures.ts';
import { showSender } from './sender.ts';
import { given } from './stretching.ts';
import { stage, type Around, type BeforeAck } from './view.ts';

type Later = typeof import('./later/main.ts');

/** Pause between whole rounds of acknowledging, each of which already tries several times. */
const AGAIN_MS = 15_000;

/** In this entry of the browser's history the secret was opened: a reload must not call the link damaged. */
interface Opened {
  opened: PeekAnswer['kind'];
}

async function main(): Promise<void> {
  let state: State = { name: 'loading' };
  let visit: Visit | null = null;
  let later: Promise<Later> | null = null;

  /** What is loaded on demand; asked for again after a failure. */
  const more = (): Promise<Later> => {
    later ??= load<Later>('opening').catch((error: unknown) => {
      later = null;
      throw error;
    });
    return later;
  };
  const dispatch = (event: Event): void => {
    state = next(state, event);
    show(state);
  };
  const fail = (error: unknown): void => {
    if (isRefused(error)) dispatch({ type: 'refused', code: error.code, keyless: !location.hash });
    else if (isProblem(error)) dispatch({ type: 'problem', problem: error, nowMs: Date.now() });
    else throw error;
  };

  const look = async (): Promise<void> => {
    try {
      visit ??= await arrive(location.href, { language: lang });
      const answer = await peek(visit);
      around.durable = visit.durable;
      around.notices = noticesFor(visit.durable, navigator.userAgent);
      await branded;
      showSender(answer);
      const shown = answer.yours === 'open' ? await recover(visit) : null;
      if (shown) return opened(visit, answer, shown, true);
      dispatch({ type: 'peeked', look: answer, nowMs: Date.now() });
      if (answer.bound) strip(answer);
      void watch();
    } catch (error) {
      fail(error);
    }
  };

  /** The key leaves the address bar once this device can do without it. */
  const strip = ({ kind }: PeekAnswer): void => {
    history.replaceState({ opened: kind } satisfies Opened, '', location.pathname);
  };

  const open = async (passphrase: string | null, beforeAck?: BeforeAck): Promise<void> => {
    if (!visit || !('look' in state) || !state.look) return;
    const { look: before } = state;
    dispatch({ type: 'gesture', step: passphrase === null ? 'claim' : 'stretch' });
    try {
      const stretched = () => dispatch({ type: 'gesture', step: 'claim' });
      const shown = await claim(visit, before, passphrase === null ? undefined : given(passphrase, stretched));
      if (!shown) return await look();
      await beforeAck?.(visit, shown);
      opened(visit, before, shown, false);
    } catch (error) {
      // Another tab may have been faster, and then it is this device's all the same.
      const bound = before.kind === 'device_bound' && isProblem(error, 'gone');
      if (error instanceof StorageRefused || bound) await look();
      else fail(error);
    }
  };

  const opened = (visit: Visit, look: PeekAnswer, shown: Shown, again: boolean): void => {
    strip(look);
    dispatch({ type: 'opened', look, text: shown.text, again });
    void confirm(visit, shown, look, again);
  };

  /** Acknowledges once the text was painted where somebody can see it; keeps the claim open until then. */
  const confirm = async (visit: Visit, shown: Shown, look: PeekAnswer, again: boolean): Promise<void> => {
    while (onScreen(state)) {
      const seen = new AbortController();
      void painted().then(() => seen.abort());
      if ((await keepOpen(visit, shown, seen.signal)) === 'burned') return dispatch({ type: 'burned' });
      try {
        const end = await acknowledge(visit, shown);
        dispatch({ type: 'fate', fate: end === 'lapsed' ? 'lapsed' : fateOf(visit, look, again) });
        return void watch();
      } catch {
        dispatch({ type: 'fate', fate: 'unconfirmed' });
        await visit.wait(AGAIN_MS);
      }
    }
  };

  const fateOf = (visit: Visit, look: PeekAnswer, again: boolean) => {
    if (look.kind === 'device_bound') return visit.durable ? 'kept' : 'unkept';
    return isLast(look, again) ? 'destroyed' : 'used';
  };

  /** One watch at a time: a later one takes over. */
  let watches = 0;
  /** Looks again while that can change what is on the screen: a burn hides it, a device asks for it or hands it over. */
  const watch = async (): Promise<void> => {
    const mine = ++watches;
    for (let pause = lookAgainMs(state); visit && pause !== null; pause = lookAgainMs(state)) {
      await visit.wait(pause);
      await visible();
      if (mine !== watches) return;
      const answer = await peek(visit).catch(() => null);
      if (mine !== watches || !answer) continue;
      const asked = state.name === 'asking';
      dispatch({ type: 'watched', look: answer, nowMs: Date.now() });
      if (asked && state.name === 'bound') await use(async (page) => (await more()).again(page));
    }
  };

  /** Does on this page what was loaded on demand. A failure is shown like any other. */
  const use = async (gesture: Gesture): Promise<void> => {
    if (!visit) return;
    const page: Page = { visit, dispatch, look, strip, watch: () => void watch() };
    try {
      await gesture(page);
    } catch (error) {
      fail(error);
    }
  };

  const around: Around = {
    brand: PLAIN,
    notices: [],
    durable: true,
    persisted: null,
    actions: {
      open: (passphrase, beforeAck) => void open(passphrase, beforeAck),
      use: (gesture) => void use(gesture),
      hide: () => onScreen(state) && dispatch({ type: 'hide', hidden: !state.hidden }),
      done: () => dispatch({ type: 'done' }),
      retry: () => {
        dispatch({ type: 'retry' });
        void look();
      },
    },
  };
  const show = stage(around, async () => (await more()).draw);
  show(state);
  // Both questions are asked at once: the page is ready one round trip after its script.
  const brand = startShell();
  const branded = inTime(brand);
  void brand.then((brand) => {
    around.brand = brand;
  });
  addEventListener('beforeunload', (event) => losing(state) && event.preventDefault());
  addEventListener('hashchange', () => location.reload());
  // A page that the browser kept for "back" would show its text again.
  addEventListener('pageshow', (event) => event.persisted && location.reload());
  const before = history.state as Opened | null;
  if (!globalThis.crypto?.subtle) dispatch({ type: 'unsupported' });
  else if (!location.hash && before?.opened === 'one_time') await arriveAgain();
  else await look();

  /** Opened here before: recover it if this device still can, else say that it is over. */
  async function arriveAgain(): Promise<void> {
    visit = await arrive(location.href, { language: lang }).catch(() => null);
    if (visit) await look();
    else dispatch({ type: 'done' });
  }
}

/** Resolves when somebody can see the page. */
async function visible(): Promise<void> {
  while (document.visibilityState !== 'visible') {
    await new Promise((seen) => document.addEventListener('visibilitychange', seen, { once: true }));
  }
}

/** Resolves after the next paint of a page that somebody can see. */
async function painted(): Promise<void> {
  await visible();
  await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
}

void main();
