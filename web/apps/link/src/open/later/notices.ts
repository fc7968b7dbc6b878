import { copyButton, h } from '@waxseal/ui';
import { intentFor, type Notice } from '../notices.ts';
import { t } from './words.ts';

/** What to know before the gesture; with the ways out of an app's own browser, where it is one. */
export function noticeView(name: Notice, kind: 'one_time' | 'device_bound'): HTMLElement {
  const words = name === 'seven-days' ? t('bound.notice.seven-days') : t(`${kind === 'one_time' ? '' : 'bound.'}notice.${name}`);
  return h('div', { class: 'notice warn stack', 'data-notice': name }, h('p', {}, words), name === 'in-app' && waysOut());
}

/** Android opens another browser by an intent; elsewhere the reader carries the link. */
function waysOut(): HTMLElement {
  const intent = intentFor(location.href, navigator.userAgent);
  const words = { label: t('in-app.copy'), copied: t('in-app.copied'), failed: t('copy.failed') };
  return h(
    'div',
    { class: 'actions' },
    intent && h('a', { class: 'button', id: 'intent', href: intent }, t('in-app.open')),
    copyButton(words, () => location.href),
  );
}
