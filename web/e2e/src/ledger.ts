import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './servers.ts';

/** What the tests of a run leave for the last one to judge. Each line is appended at once: tests run side by side. */
type Book = 'secrets' | 'pages' | 'faults';

function write(book: Book, entries: string[]): void {
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  appendFileSync(join(run.folder, `${book}.jsonl`), lines);
}

export function read(book: Book): string[] {
  const file = join(run.folder, `${book}.jsonl`);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return [...new Set(lines.filter(Boolean).map((line) => JSON.parse(line) as string))];
}

/** Every one of these must stay out of the server's log and out of every URL that is requested. */
export function keepFromLog(...secrets: string[]): void {
  // The start of a long text is as good as all of it, and quicker to look for.
  write('secrets', secrets.filter((secret) => secret.length >= 6).map((secret) => secret.slice(0, 60)));
}

/** A page was watched from its first byte. */
export function watched(url: string): void {
  write('pages', [url]);
}

/** A page did what no page may do. */
export function blame(fault: string): void {
  write('faults', [fault]);
}

/** The forms in which something secret could have been written down. */
export function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const key = /^[\w-]{43}$/.test(secret) ? Buffer.from(secret, 'base64url').toString('hex') : json;
  return [secret, json, encodeURIComponent(secret), bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), key];
}
