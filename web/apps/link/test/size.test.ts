import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

/**
 * What opening a link may cost in script, in bytes after gzip (docs/ARCHITECTURE.md, budgets): ours, the HPKE library, and
 * what comes on demand for a passphrase.
 */
const BUDGET = 15_000;
const LIBRARY_BUDGET = 9_000;
const PASSPHRASE_BUDGET = 12_000;

const app = fileURLToPath(new URL('../', import.meta.url));
/** A build of our own: a server may be reading the real one. */
const folder = mkdtempSync(join(tmpdir(), 'link-'));
const gzipped = (bytes: Buffer) => gzipSync(bytes, { level: 9 }).length;
const read = (path: string) => readFileSync(join(folder, 'dist', path));

interface Manifest {
  files: { path: string; integrity: string }[];
}

let manifest: Manifest;

beforeAll(() => {
  execFileSync(process.execPath, ['build/build.mjs', join(folder, 'dist')], { cwd: app, stdio: 'pipe' });
  manifest = JSON.parse(read('release/release.json').toString()) as Manifest;
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

const LANGUAGES = ['en', 'ja'];

/** The scripts of the opening page's shell, by their names. */
function shellScripts(lang: string): Record<string, string> {
  const html = read(`shells/open.${lang}.html`).toString();
  const scripts = [...html.matchAll(/<script[^>]* src="\/([^"]+)"/g)].map(([, path]) => path!);
  return Object.fromEntries(scripts.map((path) => [path.split(/[/.]/)[1], path]));
}

/** What a script may load on demand. */
const onDemand = (source: string) => [...source.matchAll(/src:"\/([^"]+)",integrity/g)].map(([, path]) => path!);

test.each(LANGUAGES)('opening a link in %s costs at most 15 kB of script, and 9 kB for the HPKE library', (lang) => {
  const { hpke, open, ...others } = shellScripts(lang);
  expect(others).toEqual({});
  expect(gzipped(read(hpke!))).toBeLessThanOrEqual(LIBRARY_BUDGET);
  expect(gzipped(read(open!))).toBeLessThanOrEqual(BUDGET);
  // Whatever is imported at once stands in the shell, with its integrity.
  const imported = [...read(open!).toString().matchAll(/\bimport\b[^;"'(]*["']([^"']+)/g)].map(([, from]) => from);
  expect(imported).toEqual([`/${hpke}`]);
});

test.each(LANGUAGES)('a passphrase in %s costs at most 12 kB more', (lang) => {
  const source = read(shellScripts(lang)['open']!).toString();
  const [argon2, later, ...others] = onDemand(source);
  expect([argon2, later].map((path) => path?.split(/[/.]/)[1])).toEqual(['argon2', 'later']);
  expect(others).toEqual([]);
  expect(gzipped(read(argon2!))).toBeLessThanOrEqual(PASSPHRASE_BUDGET);
  // The worker brings all it needs.
  expect(read(argon2!).toString()).not.toMatch(/\bimport\b/);
});

test('no script imports an address that it does not know with its integrity', () => {
  const known = manifest.files.map(({ path }) => path);
  for (const { path } of manifest.files.filter((file) => file.path.endsWith('.js'))) {
    const source = read(path.slice(1)).toString();
    // The HPKE library would import `crypto` where there is none; that is no address, and browsers have one.
    expect(source, path).not.toMatch(/\bimport\s*\(\s*["'`][./h]/);
    // What the build writes into the pages is unknown to a script that is loaded on demand.
    expect(source, path).not.toMatch(/\b(ARGON2_WORKER|OPENING_LATER)\b/);
    for (const [, src, integrity] of source.matchAll(/src:"([^"]+)",integrity:"([^"]+)"/g)) {
      expect(known).toContain(src);
      expect(integrity).toBe(manifest.files.find((file) => file.path === src)?.integrity);
    }
  }
});

test('no script of ours parses markup', () => {
  for (const { path } of manifest.files.filter((file) => file.path.endsWith('.js'))) {
    expect(read(path.slice(1)).toString(), path).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  }
});
