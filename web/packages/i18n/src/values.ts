import type { Lang } from './languages.ts';

/** Writes moments, spans and sizes as the language writes them. All by `Intl`: no message of ours is involved. */
export function values(lang: Lang) {
  const moment = new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeStyle: 'short' });
  const span = new Intl.RelativeTimeFormat(lang, { numeric: 'always' });
  const unit = (n: number, unit: string) =>
    new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }).format(n);
  return {
    /** A moment in the reader's own time zone. */
    time: (ms: number): string => moment.format(ms),
    /** The same, naming the zone: for readers elsewhere. */
    timeWithZone: (ms: number): string =>
      new Intl.DateTimeFormat(lang, {
        year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short',
      }).format(ms),
    /** How far `ms` is from `now`, in the largest unit that fits: 'in 6 days'. */
    relative: (ms: number, now: number): string => {
      const [n, name] = largest(ms - now);
      return span.format(n, name);
    },
    /** A length of time in the largest unit that fits: '7 days'. */
    duration: (ms: number): string => unit(...largest(ms)),
    /** Minutes and seconds, for a countdown: '4:05'. */
    countdown: (ms: number): string => {
      const s = Math.max(0, Math.ceil(ms / 1000));
      return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
    },
    /** Bytes in the unit people say: '1 KB'. */
    size: (bytes: number): string => {
      const [n, name] = bytes < 1000 ? [bytes, 'byte'] : bytes < 1e6 ? [bytes / 1000, 'kilobyte'] : [bytes / 1e6, 'megabyte'];
      return new Intl.NumberFormat(lang, { style: 'unit', unit: name as string, maximumFractionDigits: n as number < 10 ? 1 : 0 }).format(n as number);
    },
  };
}

const UNITS = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000]] as const;

function largest(ms: number): [number, (typeof UNITS)[number][0]] {
  const [name, length] = UNITS.find(([, length]) => Math.abs(ms) >= length) ?? UNITS[3];
  return [Math.trunc(ms / length), name];
}
