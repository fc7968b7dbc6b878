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
/** Builds of our own: a server may be reading the real one. */
const folder = mkdtempSync(join(tmpdir(), 'link-'));
const build = (name: string) =>
  execFileSync(process.execPath, ['build/build.mjs', join(folder, name)], { cwd: app, stdio: 'pipe' });
const read = (path: string, name = 'first') => readFileSync(join(folder, name, path));

interface Manifest {
  assets: Record<string, { integrity: string }>;
  shells: Record<string, Record<string, { file: string }>>;
}

let manifest: Manifest;

beforeAll(() => {
  build('first');
  manifest = JSON.parse(read('manifest.json').toString()) as Manifest;
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

test.each(['en', 'ja'])('opening a link in %s costs at most 15 kB of script', (lang) => {
  const html = read(manifest.shells['open']![lang]!.file).toString();
  const scripts = [...html.matchAll(/<script[^>]* src="([^"]+)"/g)].map(([, src]) => src!);
  expect(scripts).toHaveLength(1);
  const source = read(scripts[0]!.slice(1));
  expect(source.toString()).not.toMatch(/\bimport\s*[("']/);
  expect(gzipSync(source, { level: 9 }).length).toBeLessThanOrEqual(BUDGET);
});

test('the same sources give the same bytes', () => {
  build('second');
  expect(read('manifest.json', 'second').toString()).toBe(read('manifest.json').toString());
}, 120_000);

test('no script of ours parses markup', () => {
  for (const path of Object.keys(manifest.assets).filter((name) => name.endsWith('.js'))) {
    expect(read(path.slice(1)).toString(), path).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  }
});
