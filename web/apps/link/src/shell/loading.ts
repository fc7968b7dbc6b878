import { h } from '@waxseal/ui';

/** What stands on a page until there is something to show. The page's own title is its headline, unseen. */
export function loading(words: string): HTMLElement[] {
  return [
    h('h1', { class: 'visually-hidden', tabindex: '-1' }, document.title),
    h('p', { class: 'lead short center waiting', role: 'status' }, words),
  ];
}
