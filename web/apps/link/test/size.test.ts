import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** What opening a link without a passphrase may cost in script (docs/ARCHITECTURE.md, budgets): ours, and the HPKE library. */
const BUDGET = 15_000;
const LIBRARY_BUDGET = 9_000;

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

test.each(['en', 'ja'])('opening a link in %s costs at most 15 kB of script', (lang) => {
  const html = read(`shells/open.${lang}.html`).toString();
  const scripts = [...html.matchAll(/<script[^>]* src="([^"]+)"/g)].map(([, src]) => src!);
  expect(scripts.map((src) => src.split('.')[0])).toEqual(['/assets/hpke', '/assets/open']);
  const [library, ours] = scripts.map((src) => read(src.slice(1))) as [Buffer, Buffer];
  expect(gzipped(library)).toBeLessThanOrEqual(LIBRARY_BUDGET);
  expect(gzipped(ours)).toBeLessThanOrEqual(BUDGET);
  // Whatever is imported at once stands in the shell, with its integrity.
  expect([...ours.toString().matchAll(/\bimport\b[^;"'(]*["']([^"']+)/g)].map(([, from]) => from)).toEqual([scripts[0]]);
});

test('no script imports an address that it does not know with its integrity', () => {
  const known = manifest.files.map(({ path }) => path);
  for (const { path } of manifest.files.filter((file) => file.path.endsWith('.js'))) {
    const source = read(path.slice(1)).toString();
    // The HPKE library would import `crypto` where there is none; that is no address, and browsers have one.
    expect(source, path).not.toMatch(/\bimport\s*\(\s*["'`][./h]/);
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
