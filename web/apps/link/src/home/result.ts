import type { Created } from '@waxseal/flow/create';
import { LANGUAGES, type Lang } from '@waxseal/i18n';
import { copyButton, h } from '@waxseal/ui';
import type { Brand } from '../shell/brand.ts';
import { lang, say } from '../shell/words.ts';
import { invitationSubject, invitationText, type Invitation } from './invitation.ts';
import type { Order } from './model.ts';
import { qrCode } from './qr.ts';
import { t } from './words.ts';

/** The link and everything one does with it. */
export function resultView(created: Created, order: Order, brand: Brand, another: () => void): HTMLElement {
  const facts = [
    t('result.expires', { time: say.time(created.expiresAtMs) }),
    order.kind === 'device_bound' ? t('result.bound') : t('result.views', { count: order.views }),
    order.passphrase !== null && t('result.passphrase'),
  ];
  const invitation: Invitation = {
    organization: brand.organization,
    link: created.link,
    expiresAtMs: created.expiresAtMs,
    kind: order.kind,
    views: order.views,
    passphrase: order.passphrase !== null,
  };
  return h(
    'div',
    { class: 'card stack', id: 'result' },
    h('h1', { tabindex: '-1' }, t('result.title')),
    h('p', { class: 'lead' }, t('result.body')),
    linkField(created.link),
    h('ul', { class: 'tags' }, ...facts.filter((fact) => fact !== false).map((fact) => h('li', {}, fact))),
    linkActions(created.link, brand.organization),
    invitationPanel(invitation),
    receiptPanel(created.receiptLink),
    h('button', { type: 'button', class: 'button quiet', id: 'another', onclick: another }, t('result.another')),
  );
}

function linkField(link: string): HTMLElement {
  const input = h('input', { class: 'input link', id: 'link', readonly: true, value: link, spellcheck: 'false' });
  input.addEventListener('focus', () => input.select());
  return h('div', { class: 'field' }, h('label', { for: 'link' }, t('result.link')), input);
}

function linkActions(link: string, organization: string): HTMLElement {
  const words = { label: t('result.copy'), copied: t('result.copied'), failed: t('copy.failed') };
  const place = h('div', { class: 'qr-place', hidden: true });
  const qr = h('button', { type: 'button', class: 'button', id: 'qr', 'aria-expanded': 'false' }, t('result.qr'));
  qr.addEventListener('click', () => {
    if (!place.firstChild) place.append(qrCode(link, t('result.qr.alt')));
    place.hidden = !place.hidden;
    qr.setAttribute('aria-expanded', String(!place.hidden));
  });
  const canShare = typeof navigator.share === 'function';
  // A dismissed share sheet rejects; nothing is wrong then.
  const share = () => void navigator.share({ title: invitationSubject(lang, organization), url: link }).catch(() => {});
  return h(
    'div',
    { class: 'stack' },
    h(
      'div',
      { class: 'actions' },
      copyButton(words, () => link, 'button primary'),
      qr,
      canShare && h('button', { type: 'button', class: 'button', id: 'share', onclick: share }, t('result.share')),
    ),
    place,
  );
}

function invitationPanel(invitation: Invitation): HTMLElement {
  const text = h('textarea', { class: 'input', id: 'invitation', rows: 15, readonly: true });
  const option = ([tag, name]: [string, string]) => h('option', { value: tag, lang: tag, selected: tag === lang }, name);
  const choice = h('select', { class: 'input', id: 'invitation-lang' }, ...Object.entries(LANGUAGES).map(option));
  const write = () => {
    text.lang = choice.value;
    text.value = invitationText(choice.value as Lang, invitation);
  };
  choice.addEventListener('change', write);
  write();
  const words = {
    label: t('result.invitation.copy'),
    copied: t('result.invitation.copied'),
    failed: t('copy.failed'),
  };
  return h(
    'details',
    { class: 'panel' },
    h('summary', {}, t('result.invitation')),
    h(
      'div',
      { class: 'stack' },
      h('div', { class: 'field' }, h('label', { for: 'invitation-lang' }, t('result.invitation.language')), choice),
      h('div', { class: 'field' }, h('label', { for: 'invitation', class: 'visually-hidden' }, t('result.invitation')), text),
      copyButton(words, () => text.value),
    ),
  );
}

function receiptPanel(link: string): HTMLElement {
  const words = { label: t('result.receipt.copy'), copied: t('result.receipt.copied'), failed: t('copy.failed') };
  return h(
    'section',
    { class: 'panel sunken stack' },
    h('h2', {}, t('result.receipt')),
    h('p', { class: 'small' }, t('result.receipt.body')),
    h(
      'div',
      { class: 'actions' },
      h('a', { class: 'button', id: 'receipt', href: link, target: '_blank', rel: 'noopener' }, t('result.receipt.open')),
      copyButton(words, () => link),
    ),
  );
}
