import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** What opening a link without a passphrase may cost in script (docs/ARCHITECTURE.md, budgets). */
const BUDGET = 15_000;

const app = fileURLToPath(new URL('../', import.meta.url));
/** A build of our own: a server may be reading the real one. */
const folder = mkdtempSync(join(tmpdir(), 'link-'));
const read = (path: string) => readFileSync(join(folder, 'dist', path));

interface Manifest {
  files: { path: string }[];
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
  expect(scripts).toHaveLength(1);
  const source = read(scripts[0]!.slice(1));
  expect(source.toString()).not.toMatch(/\bimport\s*[("']/);
  expect(gzipSync(source, { level: 9 }).length).toBeLessThanOrEqual(BUDGET);
});

test('no script of ours parses markup', () => {
  for (const { path } of manifest.files.filter((file) => file.path.endsWith('.js'))) {
    expect(read(path.slice(1)).toString(), path).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  }
});
