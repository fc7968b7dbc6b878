import { h } from '@waxseal/ui';
import { t } from './words.ts';

export interface Confirmation {
  dialog: HTMLDialogElement;
  open(): void;
}

/** Asks before what cannot be undone. A modal `<dialog>`: the browser keeps focus inside and gives it back. */
export function confirmation(
  what: 'give' | 'forget',
  params: Record<string, string>,
  go: () => void,
  words: Parameters<typeof t>[0] = `${what}.body`,
): Confirmation {
  const close = () => dialog.close();
  const confirm = () => {
    close();
    go();
  };
  const [title, body] = [`${what}-title`, `${what}-body`];
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': title, 'aria-describedby': body },
    h('h2', { id: title }, t(`${what}.title`, params)),
    h('p', { id: body }, t(words, params)),
    h(
      'div',
      { class: 'actions end' },
      h('button', { type: 'button', class: 'button', autofocus: true, onclick: close }, t('cancel')),
      h('button', { type: 'button', class: 'button danger primary', id: `${what}-confirm`, onclick: confirm }, t(`${what}.confirm`)),
    ),
  );
  return { dialog, open: () => dialog.showModal() };
}
