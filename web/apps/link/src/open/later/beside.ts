import { boundNotices } from '../notices.ts';
import type { Asking, Beside } from '../ready.ts';
import type { Actions, Around } from '../view.ts';
import { heldBack } from './held.ts';
import { noticeView } from './notices.ts';
import { copyChoice } from './passkey.ts';

/** What to know before the gesture, how long to wait for it, and whether to keep a copy. */
export function beside(state: Asking, around: Around): Beside {
  const { look } = state;
  const notices = [...around.notices, ...boundNotices(navigator.userAgent, look, Date.now())];
  const held = state.name === 'held-back' ? heldBack(state.untilMs, around) : null;
  const open = look.kind === 'device_bound' ? keeping(around) : around.actions.open;
  const copying = copyChoice(state, around, open);
  return {
    notices: notices.map((name) => noticeView(name, look.kind)),
    nodes: [held?.node, copying?.node],
    blocked: held !== null,
    open: copying?.open ?? open,
    leave: held?.stop,
  };
}

/** Asks the browser not to clear this site's data by itself. Some ask the person, who may take their time. */
async function persist(around: Around): Promise<void> {
  around.persisted = (await navigator.storage?.persist?.().catch(() => false)) ?? false;
}

/** Opens what stays on this device. */
const keeping =
  (around: Around): Actions['open'] =>
  (...gesture) => {
    void persist(around);
    around.actions.open(...gesture);
  };
