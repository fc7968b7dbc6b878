import type { Permission } from '../api/types.ts';

/** Pages of a person. */
const OWN = {
  '/': 'start',
  '/sign-in': 'sign-in',
  '/sign-in/link': 'sign-in-link',
  '/sign-up': 'sign-up',
  '/check-mail': 'check-mail',
  '/verify': 'verify',
  '/password/forgotten': 'forgotten',
  '/password/reset': 'reset',
  '/invitation': 'invitation',
  '/device': 'device',
  '/address': 'address',
  '/organizations': 'organizations',
  '/account': 'account',
  '/account/security': 'security',
  '/account/events': 'events',
} as const;

/** Pages of an organization, below `/o/<its slug or id>`: no name of an organization can hide a page of ours. */
const ORGANIZATIONS = {
  '': 'home',
  '/share': 'share',
  '/receipts': 'receipts',
  '/members': 'members',
  '/keys': 'keys',
  '/domains': 'domains',
  '/domains/new': 'addDomain',
  '/domains/*': 'domain',
  '/audit': 'audit',
  '/billing': 'billing',
  '/billing/usage': 'usage',
  '/billing/invoices': 'invoices',
  '/settings': 'settings',
} as const;

export type OwnPage = (typeof OWN)[keyof typeof OWN];
export type OrganizationPage = (typeof ORGANIZATIONS)[keyof typeof ORGANIZATIONS];

/** What a member must be allowed to see the page. To everybody else it does not exist. */
export const NEEDS: Readonly<Record<OrganizationPage, Permission>> = {
  home: 'secrets.read',
  share: 'secrets.create',
  receipts: 'secrets.read',
  members: 'members.read',
  keys: 'keys.read',
  domains: 'domains.read',
  addDomain: 'domains.write',
  domain: 'domains.read',
  audit: 'audit.read',
  billing: 'billing.read',
  usage: 'billing.read',
  invoices: 'billing.read',
  settings: 'organization.read',
};

/** What somebody who is not signed in may see. */
export const OPEN_PAGES = ['sign-in', 'sign-in-link', 'sign-up', 'check-mail', 'verify', 'forgotten', 'reset', 'invitation'] as const;
export type OpenPage = (typeof OPEN_PAGES)[number];

export const isOpen = (page: OwnPage): page is OpenPage => (OPEN_PAGES as readonly OwnPage[]).includes(page);

/** What has no sense for somebody who is. */
export const GUEST_PAGES: readonly OwnPage[] = ['sign-in', 'sign-up', 'forgotten'];

export type Found =
  | { kind: 'own'; page: OwnPage }
  | { kind: 'organization'; page: OrganizationPage; organization: string; /** What stands for `*`: an id. */ thing?: string }
  | { kind: 'missing' };

/** The page at a path. A slash at the end changes nothing. */
export function find(path: string): Found {
  const trimmed = path.replace(/(?<=.)\/+$/, '');
  if (Object.hasOwn(OWN, trimmed)) return { kind: 'own', page: OWN[trimmed as keyof typeof OWN] };
  const [, organization, rest = ''] = /^\/o\/([\w-]{1,64})((?:\/[\w-]{1,64}){0,2})$/.exec(trimmed) ?? [];
  if (!organization) return { kind: 'missing' };
  if (Object.hasOwn(ORGANIZATIONS, rest)) return { kind: 'organization', page: ORGANIZATIONS[rest as keyof typeof ORGANIZATIONS], organization };
  const [, place, thing] = /^(\/\w+)\/(.+)$/.exec(rest) ?? [];
  const any = `${place}/*`;
  if (!thing || !Object.hasOwn(ORGANIZATIONS, any)) return { kind: 'missing' };
  return { kind: 'organization', page: ORGANIZATIONS[any as keyof typeof ORGANIZATIONS], organization, thing };
}

/**
 * Where to go on after signing in: a path of this console, and never anywhere else. `//host`, `/\host` and whatever else
 * a browser takes for another origin is refused by asking the browser's own parser.
 */
export function safeReturn(path: string | null, origin: string): string {
  if (!path?.startsWith('/')) return '/';
  const url = parse(path, origin);
  if (!url || url.origin !== origin || find(url.pathname).kind === 'missing') return '/';
  return url.pathname + url.search;
}

function parse(path: string, origin: string): URL | null {
  try {
    return new URL(path, origin);
  } catch {
    return null;
  }
}
