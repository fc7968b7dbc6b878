import { kindsOf, lifetimes, type Draft, type Limits } from '@waxseal/flow/draft';
import type { DomainSettings } from '../../api/domains.ts';

/** The protocol's; the server knows the organization's plan, and says so. */
export const WIDEST: Limits = { max_lifetime_s: 31_536_000, max_views: 1_000 };

/** What a domain's organization allows there, and what the form begins with. */
export function limitsOf({ defaults, limits }: DomainSettings): Limits {
  return {
    max_lifetime_s: Math.min(limits.max_lifetime_s ?? Infinity, WIDEST.max_lifetime_s),
    max_views: Math.min(limits.max_views ?? Infinity, WIDEST.max_views),
    ...(limits.kinds && { kinds: limits.kinds }),
    passphrase: limits.passphrase_required ? 'required' : 'optional',
    lifetime_s: defaults.lifetime_s ?? null,
    views: defaults.views ?? null,
    kind: defaults.kind ?? null,
  };
}

/** What the server decides by a domain's rules. */
export type Rules = Pick<Draft, 'kind' | 'lifetime' | 'views'>;

/** How the form begins on a domain. */
export const rulesOf = (limits: Limits): Rules => ({ kind: kindsOf(limits).chosen, lifetime: String(lifetimes(limits).chosen), views: String(limits.views ?? 1) });

/** The form on another domain: what a person has chosen stays, if it is allowed there. */
export function moved(draft: Rules, before: Limits, after: Limits): Rules {
  const [begun, next] = [rulesOf(before), rulesOf(after)];
  const offers = {
    kind: kindsOf(after).offered.includes(draft.kind),
    lifetime: draft.lifetime === 'exact' || lifetimes(after).presets.includes(Number(draft.lifetime)),
    views: Number(draft.views) <= after.max_views,
  };
  const keeps = (field: keyof Rules) => draft[field] !== begun[field] && offers[field];
  return { kind: keeps('kind') ? draft.kind : next.kind, lifetime: keeps('lifetime') ? draft.lifetime : next.lifetime, views: keeps('views') ? draft.views : next.views };
}
