import { MAX_PASSPHRASE_BYTES, MAX_TEXT_BYTES, type Kind, type Policy } from '@waxseal/crypto';

/** What the home page can be, each shown as `data-state` on `<main>`. */
export const STATES = ['loading', 'form', 'sealing', 'failed', 'result', 'closed', 'unsupported'] as const;

export type StateName = (typeof STATES)[number];

/** Lifetimes that are offered by name, in seconds. */
const PRESETS = [300, 3_600, 86_400, 259_200, 604_800, 2_592_000];
const DEFAULT_S = 604_800;
/** The protocol's shortest lifetime. */
export const MIN_LIFETIME_S = 60;

/** What an organization allows here. */
export interface Limits {
  max_lifetime_s: number;
  max_views: number;
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
export function lifetimes({ max_lifetime_s }: Limits): { presets: number[]; chosen: number } {
  const presets = PRESETS.filter((seconds) => seconds <= max_lifetime_s);
  return { presets, chosen: presets.filter((seconds) => seconds <= DEFAULT_S).at(-1) ?? max_lifetime_s };
}

export const utf8Length = (text: string): number => new TextEncoder().encode(text).length;

/** Reads the form: an order, or every field that breaks a rule. */
export function check(draft: Draft, limits: Limits, nowMs: number): { order: Order } | { faults: Faults } {
  const faults: Faults = {};
  const bytes = utf8Length(draft.text);
  if (bytes === 0) faults.text = 'empty';
  if (bytes > MAX_TEXT_BYTES) faults.text = 'too-large';
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

/** Runs of the keyboard and the alphabet, in which the next character is no news. */
const RUNS = 'abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiop asdfghjkl zxcvbnm qwertz azerty';
const FIRST_GUESSES = /^(pass(word|phrase)?|secret|admin|welcome|letmein|iloveyou|himitsu|sakura|test)\W*\d*\W*$/i;

/**
 * How hard a passphrase is to guess, 0 to 3: an upper bound from its length and its kinds of characters, less repeats
 * and runs. It can tell that one is bad; it cannot prove one good.
 */
export function strength(passphrase: string): 0 | 1 | 2 | 3 {
  if (FIRST_GUESSES.test(passphrase)) return 0;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[ -/:-@[-`{-~]/, /[^\x00-\x7f]/];
  const sizes = [26, 26, 10, 33, 100];
  const alphabet = sizes.reduce((sum, size, i) => sum + (kinds[i]!.test(passphrase) ? size : 0), 0);
  const characters = [...passphrase];
  const news = characters.filter((character, i) => {
    const before = characters[i - 1] ?? '';
    return character !== before && !(before && RUNS.includes((before + character).toLowerCase()));
  });
  const bits = Math.min(news.length, new Set(characters).size * 2) * Math.log2(alphabet || 1);
  return bits < 30 ? 0 : bits < 48 ? 1 : bits < 68 ? 2 : 3;
}
