import type { PeekAnswer } from '@waxseal/api';
import { belongs, canCopy, copyInto, PasskeyRefused, prepare, restore, type PasskeyTrouble, type Prepared } from '@waxseal/flow/passkey';
import { h, type Child } from '@waxseal/ui';
import { say } from '../../shell/words.ts';
import type { Asking } from '../ready.ts';
import type { Actions, Around } from '../view.ts';
import { again, type Gesture, type Page } from './gestures.ts';
import { t } from './words.ts';

/** Asked once; the choice appears when it is known. */
const able = canCopy();

/** The passkey that was made on this page: a wrong passphrase after it needs no second one. */
let made: Prepared | null = null;

export interface CopyChoice {
  node: HTMLElement;
  open: Actions['open'];
}

/** Offers a copy before the first device has a secret; null where there would be nothing to come back to. */
export function copyChoice({ look }: Asking, around: Around, opening: Actions['open']): CopyChoice | null {
  if (look.kind !== 'device_bound' || !around.durable) return null;
  const box = h('input', { type: 'checkbox', id: 'passkey', 'aria-describedby': 'passkey-hint' });
  box.checked = made !== null;
  const trouble = troublePlace('passkey-trouble');
  const node = h(
    'div',
    { class: 'field', id: 'passkey-choice', hidden: true },
    h('label', { class: 'check' }, box, t('passkey.choice')),
    h('p', { class: 'hint', id: 'passkey-hint' }, t('passkey.hint')),
    trouble.node,
  );
  void able.then((is) => (node.hidden = !is));
  const names = { organization: around.brand.organization, secret: t('passkey.name', { time: say.time(Date.now()) }) };
  const open: Actions['open'] = (passphrase) => {
    if (!box.checked) return opening(passphrase);
    const make: Gesture = async ({ visit }) => {
      if (!made || !belongs(made, visit)) made = await prepare(visit, names);
      const prepared = made;
      opening(passphrase, async (visit, shown) => {
        around.copied = await copyInto(visit, shown, prepared).catch(() => false);
      });
    };
    around.actions.use(
      trouble.watching(make, { cancelled: t('passkey.cancelled'), unable: t('passkey.unable'), begun: t('passkey.begun') }),
    );
  };
  return { node, open };
}

/**
 * Whether there is a copy. The look from before the acknowledgement cannot know of one that went along with it; a later
 * one knows best.
 */
export function hasCopy({ bound, copy }: PeekAnswer, around: Around): boolean {
  if (bound) around.copied = copy !== null;
  return around.copied ?? false;
}

/** Says that there is a copy. */
export function copyNotice(): HTMLElement {
  return h('p', { class: 'muted small', id: 'copied' }, t('passkey.kept'));
}

/** What a browser that has lost the key can do where there is a copy. */
export function restoring(copy: string, around: Around): { body: string; nodes: Child[] } {
  if (!around.durable || !globalThis.PublicKeyCredential) return { body: t('restore.not-here'), nodes: [] };
  const trouble = troublePlace('restore-trouble');
  const bring: Gesture = async (page: Page) => {
    await restore(page.visit, copy);
    await again(page);
  };
  const words = { cancelled: t('restore.cancelled'), unable: t('restore.unable'), wrong: t('restore.wrong') };
  const go = () => around.actions.use(trouble.watching(bring, words));
  const button = h('button', { type: 'button', class: 'button', id: 'restore', onclick: go }, t('restore.button'));
  return { body: t('restore.body'), nodes: [button, trouble.node] };
}

/** Where it is said why a passkey did not serve. The page stays as it is: nothing was lost. */
function troublePlace(id: string) {
  const node = h('p', { class: 'notice warn', id, role: 'alert', hidden: true });
  let busy = false;
  const watching =
    (gesture: Gesture, words: Partial<Record<PasskeyTrouble, string>>): Gesture =>
    async (page) => {
      // The browser shows one question at a time, and refuses a second one.
      if (busy) return;
      busy = true;
      node.hidden = true;
      try {
        await gesture(page);
      } catch (error) {
        const said = error instanceof PasskeyRefused && words[error.trouble];
        if (!said) throw error;
        node.textContent = said;
        node.dataset['trouble'] = error.trouble;
        node.hidden = false;
      } finally {
        busy = false;
      }
    };
  return { node, watching };
}
