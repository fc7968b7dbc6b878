import type { ApiKey, Scope } from '../../api/types.ts';

/** Lifetimes that are offered, in days; the server allows at most two years. */
export const LIFETIMES_DAYS = [30, 90, 365, 730] as const;
/** How long an old key may work beside the new one, in seconds; at most a week. */
export const OVERLAPS_S = [0, 3_600, 86_400, 604_800] as const;

const DAY_MS = 86_400_000;
/** How long before its end a key asks for attention. */
const SOON_MS = 14 * DAY_MS;

export type KeyState = 'active' | 'soon' | 'expired';

/** Until when the text from before the last rotation works, if it still does. */
export const overlapOf = ({ overlap_ends_at_ms }: ApiKey, nowMs: number): number | null =>
  overlap_ends_at_ms && overlap_ends_at_ms > nowMs ? overlap_ends_at_ms : null;

export function keyState({ expires_at_ms }: ApiKey, nowMs: number): KeyState {
  if (expires_at_ms <= nowMs) return 'expired';
  return expires_at_ms - nowMs < SOON_MS ? 'soon' : 'active';
}

export interface Draft {
  name: string;
  scopes: Scope[];
  days: string;
  networks: string;
}

export interface NewKey {
  name: string;
  scopes: Scope[];
  expires_at_ms: number;
  networks: string[];
}

export type Faults = Partial<Record<'name' | 'scopes' | 'networks', true>>;

const NETWORK = /^(?:\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?|[\da-f:]*:[\da-f:.]*(?:\/\d{1,3})?)$/i;

/** A network as the server takes it: an address alone is the network of that one address. */
const asNetwork = (written: string): string => (written.includes('/') ? written : `${written}/${written.includes(':') ? 128 : 32}`);

/** Reads the form: what to ask for, or every field that breaks a rule. */
export function check({ name, scopes, days, networks }: Draft, nowMs: number): { key: NewKey } | { faults: Faults } {
  const listed = networks.split(/[\s,、]+/).filter(Boolean);
  const faults: Faults = {
    ...(name.trim() === '' && { name: true as const }),
    ...(scopes.length === 0 && { scopes: true as const }),
    ...((listed.length > 32 || !listed.every((network) => NETWORK.test(network))) && { networks: true as const }),
  };
  if (Object.keys(faults).length > 0) return { faults };
  return { key: { name: name.trim(), scopes, expires_at_ms: nowMs + Number(days) * DAY_MS, networks: listed.map(asNetwork) } };
}
