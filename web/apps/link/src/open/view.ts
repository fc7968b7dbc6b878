import { byId, h, type Child } from '@waxseal/ui';
import type { Brand } from '../shell/brand.ts';
import { loading } from '../shell/loading.ts';
import { errorView, goneView, offlineView, plainView } from './ended.ts';
import type { State } from './machine.ts';
import type { Notice } from './notices.ts';
import { readyView } from './ready.ts';
import { shownView } from './shown.ts';
import { t } from './words.ts';

/** What the reader can do. */
export interface Actions {
  /** The gesture, with the passphrase if one is asked for. */
  open(passphrase: string | null): void;
  hide(): void;
  done(): void;
  retry(): void;
}

/** What views need beside the state. */
export interface Around {
  brand: Brand;
  notices: Notice[];
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

function viewOf(state: State, around: Around): View {
  switch (state.name) {
    case 'loading':
      return { nodes: loading(t('loading')) };
    case 'ready':
    case 'passphrase':
    case 'wrong-passphrase':
    case 'held-back':
      return readyView(state, around);
    case 'opening':
      return openingView(state);
    case 'shown':
    case 'recovered':
      return shownView(state, around);
    case 'gone':
      return goneView(state);
    case 'offline':
      return offlineView(around);
    case 'error':
      return errorView(state, around);
    default:
      return plainView(state.name);
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

/** States in which the language switch would lose something: it loads the page anew. */
const KEEPS: State['name'][] = ['opening', 'shown', 'recovered'];

/** Shows states one after the other; gives the function that shows the next. */
export function stage(around: Around): (state: State) => void {
  let name: State['name'] | null = null;
  let view: View = { nodes: [] };
  return (state) => {
    if (state.name === name && view.update) return view.update(state);
    view.leave?.();
    const first = name === null || name === 'loading';
    name = state.name;
    view = viewOf(state, around);
    byId('main').dataset['state'] = name;
    byId('languages').hidden = KEEPS.includes(name);
    const place = byId('view');
    place.replaceChildren(...view.nodes.filter((node): node is Node => node instanceof Node));
    // On arrival nothing is focused: the reader starts at the top, as on any page.
    if (!first) (view.focus ?? place.querySelector('h1'))?.focus();
  };
}
