import type { Membership, Permission, Role, SessionAnswer } from '../api/types.ts';
import { NEEDS, type OrganizationPage } from './routes.ts';

/**
 * The table of `docs/accounts.md` §2, for what is shown. The server decides: a button that stands here in error is
 * refused there.
 */
const EVERYBODY: readonly Role[] = ['owner', 'admin', 'member', 'auditor'];
const LEADERS: readonly Role[] = ['owner', 'admin'];
const READERS: readonly Role[] = ['owner', 'admin', 'auditor'];
const OWNERS: readonly Role[] = ['owner'];

const ALLOWED: Readonly<Record<Permission, readonly Role[]>> = {
  'organization.read': EVERYBODY,
  'organization.write': LEADERS,
  'organization.transfer': OWNERS,
  'organization.export': OWNERS,
  'organization.delete': OWNERS,
  'members.read': EVERYBODY,
  'members.write': LEADERS,
  'keys.read': READERS,
  'keys.write': LEADERS,
  'audit.read': READERS,
  'billing.read': READERS,
  'billing.write': OWNERS,
  'domains.read': EVERYBODY,
  'domains.write': LEADERS,
  'domains.control': LEADERS,
  'secrets.create': ['owner', 'admin', 'member'],
  'secrets.read': EVERYBODY,
  'secrets.burn': ['owner', 'admin', 'member'],
};

/** What remains to whoever is confined to one domain. */
const CONFINED: readonly Permission[] = ['organization.read', 'domains.read', 'secrets.create', 'secrets.read', 'secrets.burn'];

/** Whether a member may do it. */
export function can({ role, domain }: Pick<Membership, 'role' | 'domain'>, permission: Permission): boolean {
  if (domain && !CONFINED.includes(permission)) return false;
  return ALLOWED[permission].includes(role);
}

/** Whether there is such a page for a member: it is theirs to see, and the server sells plans if it is about them. */
export const isThere = (page: OrganizationPage, membership: Membership, session: SessionAnswer | undefined): boolean =>
  can(membership, NEEDS[page]) && (NEEDS[page] !== 'billing.read' || session?.billing === true);

/** Only an owner makes, changes or removes an owner. */
export function rolesToGive(role: Role): readonly Role[] {
  return role === 'owner' ? EVERYBODY : EVERYBODY.filter((given) => given !== 'owner');
}
