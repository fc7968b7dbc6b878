import { h } from './dom.ts';

export interface CopyWords {
  label: string;
  copied: string;
  failed: string;
}

/** A button that copies what `text` gives when it is pressed, and says so on itself and to screen readers. */
export function copyButton(words: CopyWords, text: () => string | Promise<string>, className = 'button'): HTMLElement {
  const label = h('span', {}, words.label);
  const said = h('span', { class: 'copy-said', role: 'status' });
  const press = async () => {
    const ok = await copyText(await text());
    said.textContent = ok ? words.copied : words.failed;
    button.dataset['copied'] = String(ok);
    setTimeout(() => {
      said.textContent = '';
      delete button.dataset['copied'];
    }, 6000);
  };
  const button = h('button', { type: 'button', class: `${className} copy`, onclick: () => void press() }, label);
  return h('span', { class: 'copy-group' }, button, said);
}

/** Whether it was copied: browsers refuse without a gesture, without permission, or in an unfocused page. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
