import { h } from '@waxseal/ui';
import { t } from './words.ts';

/** Platforms for those who need more than this page gives, by their names. */
const WHISTLEBLOWING = [
  ['SecureDrop', 'https://securedrop.org/directory/'],
  ['GlobaLeaks', 'https://www.globaleaks.org/usecases/'],
] as const;

/** What happens here, what the server sees, and what this does not do. */
export function aside(): HTMLElement {
  const platform = ([name, href]: (typeof WHISTLEBLOWING)[number]) => h('a', { href, rel: 'noreferrer' }, name);
  const [first, second] = WHISTLEBLOWING.map(platform);
  return h(
    'aside',
    { class: 'about' },
    h('h2', {}, t('how.title')),
    h('ol', { class: 'steps' }, h('li', {}, t('how.1')), h('li', {}, t('how.2')), h('li', {}, t('how.3'))),
    h('h2', {}, t('sees.title')),
    h('p', {}, t('sees.yes')),
    h('h2', {}, t('sees.no.title')),
    h('p', {}, t('sees.no')),
    h('h2', {}, t('limits.title')),
    h('p', {}, t('limits.anyone')),
    h('p', {}, t('limits.anonymous')),
    h('p', {}, t('limits.whistle'), ' ', first ?? '', ', ', second ?? ''),
  );
}
