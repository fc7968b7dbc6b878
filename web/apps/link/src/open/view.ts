import type { PeekAnswer } from '@waxseal/api';
import type { Shown, Visit } from '@waxseal/flow/open';
import { byId, h, type Child } from '@waxseal/ui';
import type { Brand } from '../shell/brand.ts';
import { loading } from '../shell/loading.ts';
import { say } from '../shell/words.ts';
import type { Gesture } from './later/gestures.ts';
import type { State } from './machine.ts';
import type { Notice } from './notices.ts';
import { onceWording, readyView } from './ready.ts';
import { shownView } from './shown.ts';
import { t } from './words.ts';

/** What is done with an opened secret before the server hears that it may delete its key. */
export type BeforeAck = (visit: Visit, shown: Shown) => Promise<void>;

/** What the reader can do. */
export interface Actions {
  /** The gesture, with the passphrase if one is asked for. */
  open(passphrase: string | null, beforeAck?: BeforeAck): void;
  /** Any other gesture. */
  use(gesture: Gesture): void;
  hide(): void;
  done(): void;
  retry(): void;
}

/** What views need beside the state. */
export interface Around {
  brand: Brand;
  notices: Notice[];
  /** Whether this browser keeps what a device-bound secret needs. */
  durable: boolean;
  /** Whether the browser promised not to clear it by itself; null if it was not asked. */
  persisted: boolean | null;
  /** Whether a copy that a passkey opens went along with the acknowledgement. */
  copied?: boolean;
  actions: Actions;
}

export interface View {
  nodes: Child[];
  /** Takes a later state of the same name without building anew. */
  update?: (state: State) => void;
  /** What to focus; the headline if absent. */
  focus?: HTMLElement | null;
  /** Ends what the view keeps running. */
  leave?: (() => void) | undefined;
}

export type Draw = (state: State, around: Around) => View;

/** A headline and what follows it. */
export function page(title: string, ...rest: Child[]): View {
  return { nodes: [h('h1', { tabindex: '-1' }, title), ...rest] };
}

const isOnce = ({ look }: { look: PeekAnswer }) => look.kind === 'one_time';

/**
 * The views of the shortest way, from a link to its text, and those that must not need the network. Null for all else:
 * what a device-bound secret, a link that is over or a browser that does not serve shows is loaded when it is needed.
 */
export function viewOf(state: State, around: Around): View | null {
  switch (state.name) {
    case 'loading':
      return { nodes: loading(t('loading')) };
    case 'opening':
      return openingView(state);
    case 'ready':
    case 'passphrase':
    case 'wrong-passphrase':
      return isOnce(state) && around.notices.length === 0 ? readyView(state, around, onceWording(state), null) : null;
    case 'shown':
    case 'recovered':
      return isOnce(state) ? shownView(state, around, null) : null;
    case 'done':
    case 'burned':
      return page(t(`${state.name}.title`), h('p', { class: 'lead' }, t(`${state.name}.body`)));
    case 'offline':
      return page(t('offline.title'), h('p', { class: 'lead' }, t('offline.body')), retryButton(around));
    case 'error':
      return errorView(state, around);
    default:
      return null;
  }
}

function openingView(state: Extract<State, { name: 'opening' }>): View {
  const step = h('p', { class: 'lead short', role: 'status' }, t(`opening.${state.step}`));
  return {
    nodes: [h('h1', { tabindex: '-1' }, t('opening.title')), step, h('progress', { 'aria-label': t('opening.title') })],
    update: (now) => {
      if (now.name === 'opening') step.textContent = t(`opening.${now.step}`);
    },
  };
}

function errorView({ title, detail, retryAfterMs }: Extract<State, { name: 'error' }>, around: Around): View {
  return page(
    title || t('error.title'),
    detail && h('p', { class: 'lead' }, detail),
    retryAfterMs !== null && h('p', { class: 'muted center' }, t('error.again', { time: say.duration(retryAfterMs) })),
    retryButton(around),
  );
}

export function retryButton({ actions }: Around): HTMLElement {
  return h('button', { type: 'button', class: 'button primary', id: 'retry', onclick: actions.retry }, t('retry'));
}

/** States in which the language switch would lose something: it loads the page anew. */
const KEEPS: State['name'][] = ['opening', 'shown', 'recovered', 'returned', 'asking'];

/**
 * Shows states one after the other; gives the function that shows the next. `more` loads the views that are not at hand;
 * until they are, the last view stays.
 */
export function stage(around: Around, more: () => Promise<Draw>): (state: State) => void {
  let latest: State;
  let name: State['name'] | null = null;
  let view: View = { nodes: [] };
  const put = (next: View) => {
    view.leave?.();
    const first = name === null || name === 'loading';
    view = next;
    name = latest.name;
    byId('main').dataset['state'] = name;
    byId('languages').hidden = KEEPS.includes(name);
    const place = byId('view');
    place.replaceChildren(...view.nodes.filter((node): node is Node => node instanceof Node));
    // On arrival nothing is focused: the reader starts at the top, as on any page.
    if (!first) (view.focus ?? place.querySelector('h1'))?.focus();
  };
  return (state) => {
    latest = state;
    if (state.name === name && view.update) return view.update(state);
    const here = viewOf(state, around);
    if (here) return put(here);
    const draw = (draw: Draw) => latest === state && put(draw(state, around));
    const fail = () => latest === state && put(viewOf((latest = { name: 'offline' }), around) ?? view);
    void more().then(draw, fail);
  };
}
