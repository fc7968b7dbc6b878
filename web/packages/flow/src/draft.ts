import { MAX_PASSPHRASE_BYTES, MAX_TEXT_BYTES, type Kind, type Policy } from '@waxseal/crypto';

/** Lifetimes that are offered by name, in seconds. */
const PRESETS = [300, 3_600, 86_400, 259_200, 604_800, 2_592_000];
const DEFAULT_S = 604_800;
/** The protocol's shortest lifetime. */
export const MIN_LIFETIME_S = 60;

/** What an organization allows here, and what the form begins with. What is absent is as ever. */
export interface Limits {
  max_lifetime_s: number;
  max_views: number;
  kinds?: Kind[];
  passphrase?: 'optional' | 'required';
  lifetime_s?: number | null;
  views?: number | null;
  kind?: Kind | null;
}

const KINDS: Kind[] = ['one_time', 'device_bound'];

/** The kinds that may be made, and the one to begin with. */
export function kindsOf({ kinds, kind }: Limits): { offered: Kind[]; chosen: Kind } {
  const offered = KINDS.filter((one) => !kinds || kinds.includes(one));
  return { offered, chosen: kind ?? offered[0] ?? 'one_time' };
}

/** The form as it was filled in. */
export interface Draft {
  text: string;
  kind: Kind;
  /** Seconds as text, or `exact`. */
  lifetime: string;
  /** The value of a `datetime-local` field: local time, no zone. */
  at: string;
  views: string;
  passphrase: string;
}

export type Field = Exclude<keyof Draft, 'kind'>;

/** What sealing needs, checked. */
export interface Order {
  text: string;
  kind: Kind;
  views: number;
  expires: Policy['expires'];
  passphrase: string | null;
}

/** Which rule a field breaks; the page has the words. */
export type Faults = Partial<Record<Field, 'empty' | 'too-large' | 'invalid' | 'too-long'>>;

/** The presets that fit, and the one to begin with. */
export function lifetimes({ max_lifetime_s, lifetime_s }: Limits): { presets: number[]; chosen: number } {
  const offered = new Set([...PRESETS, lifetime_s ?? DEFAULT_S].filter((seconds) => seconds <= max_lifetime_s));
  const presets = [...offered].sort((a, b) => a - b);
  return { presets, chosen: lifetime_s ?? presets.filter((seconds) => seconds <= DEFAULT_S).at(-1) ?? max_lifetime_s };
}

export const utf8Length = (text: string): number => new TextEncoder().encode(text).length;

/** Reads the form: an order, or every field that breaks a rule. */
export function check(draft: Draft, limits: Limits, nowMs: number): { order: Order } | { faults: Faults } {
  const faults: Faults = {};
  const bytes = utf8Length(draft.text);
  if (bytes === 0) faults.text = 'empty';
  if (bytes > MAX_TEXT_BYTES) faults.text = 'too-large';
  if (limits.passphrase === 'required' && draft.passphrase === '') faults.passphrase = 'empty';
  if (utf8Length(draft.passphrase.normalize('NFKC')) > MAX_PASSPHRASE_BYTES) faults.passphrase = 'too-long';
  // A device-bound secret goes to one device; what the hidden field says does not matter then.
  const views = draft.kind === 'device_bound' ? 1 : Number(draft.views);
  if (!Number.isInteger(views) || views < 1 || views > limits.max_views) faults.views = 'invalid';
  const expires = expiry(draft, limits, nowMs);
  if (!expires) faults.at = 'invalid';
  if (!expires || Object.keys(faults).length > 0) return { faults };
  return { order: { text: draft.text, kind: draft.kind, views, expires, passphrase: draft.passphrase || null } };
}

function expiry({ lifetime, at }: Pick<Draft, 'lifetime' | 'at'>, { max_lifetime_s }: Limits, nowMs: number): Policy['expires'] | null {
  if (lifetime !== 'exact') return { after_s: Number(lifetime) };
  const at_ms = new Date(at).getTime();
  const fits = at_ms >= nowMs + MIN_LIFETIME_S * 1_000 && at_ms <= nowMs + max_lifetime_s * 1_000;
  return fits ? { at_ms } : null;
}

/** WebKit deletes what a page stored after 7 days without a visit; a device-bound secret's key is stored. */
const SEVEN_DAYS_S = 604_800;

/** Whether a recipient has to come back in between, on some browsers. */
export function outlivesStorage(draft: Pick<Draft, 'kind' | 'lifetime' | 'at'>, limits: Limits, nowMs: number): boolean {
  if (draft.kind !== 'device_bound') return false;
  const expires = expiry(draft, limits, nowMs);
  if (!expires) return false;
  return 'at_ms' in expires ? expires.at_ms - nowMs > SEVEN_DAYS_S * 1_000 : expires.after_s > SEVEN_DAYS_S;
}

/** A moment as a `datetime-local` field writes it: local time, to the minute. */
export function localMinute(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
