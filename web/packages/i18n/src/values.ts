import type { Lang } from './languages.ts';

/**
 * Writes moments, spans and sizes as the language writes them. All by `Intl`: no message of ours is involved. `region`
 * is the reader's own form of the language (`en-GB`), which writes dates its own way.
 */
export function values(lang: Lang, region: string = lang) {
  const moment = new Intl.DateTimeFormat(region, { dateStyle: 'long', timeStyle: 'short' });
  const day = new Intl.DateTimeFormat(region, { dateStyle: 'long' });
  const span = new Intl.RelativeTimeFormat(lang, { numeric: 'always' });
  const unit = (n: number, unit: string) =>
    tight(new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }).format(n));
  return {
    /** A moment in the reader's own time zone. */
    time: (ms: number): string => moment.format(ms),
    /** Its day alone. */
    date: (ms: number): string => day.format(ms),
    /** A moment, and how far it is from `now` in the largest unit that fits, on one line: "in 6 days". */
    moment: (ms: number, now: number): { time: string; relative: string } => ({
      time: moment.format(ms),
      relative: tight(span.format(...largest(ms - now))).replaceAll(' ', '\u00a0'),
    }),
    /** A length of time in the largest unit that fits: "7 days". */
    duration: (ms: number): string => unit(...largest(ms)),
    /** Minutes and seconds, for a countdown: "4:05". */
    countdown: (ms: number): string => {
      const s = Math.max(0, Math.ceil(ms / 1000));
      return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
    },
    /** Bytes in the unit people say: "1 KB". */
    size: (bytes: number): string => {
      const [n, name] = bytes < 1000 ? [bytes, 'byte'] : bytes < 1e6 ? [bytes / 1000, 'kilobyte'] : [bytes / 1e6, 'megabyte'];
      return new Intl.NumberFormat(lang, { style: 'unit', unit: name as string, maximumFractionDigits: n as number < 10 ? 1 : 0 }).format(n as number);
    },
  };
}

/** A moment in the writer's time zone, which it names: for readers elsewhere. */
export function timeWithZone(lang: Lang, ms: number): string {
  return new Intl.DateTimeFormat(lang, {
    year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short',
  }).format(ms);
}

/** `Intl` puts a space between a number and a Japanese unit; people who write Japanese do not. */
const tight = (text: string): string => text.replace(/\s+(?=[\u3040-\u30ff\u4e00-\u9fff])/g, '');

/** How much of a larger unit counts as one: what expires in 7 days less a second is said to expire in 7 days. */
const NEARLY = 0.98;

const UNITS = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000]] as const;

function largest(ms: number): [number, (typeof UNITS)[number][0]] {
  const [name, length] = UNITS.find(([, length]) => Math.abs(ms) >= length * NEARLY) ?? UNITS[3];
  return [Math.trunc(ms / length + Math.sign(ms) * (1 - NEARLY)), name];
}
