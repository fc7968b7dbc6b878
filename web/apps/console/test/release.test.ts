import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

interface Release {
  format: number;
  content_security_policy: string;
  files: { path: string; bytes: number; sha256: string; integrity: string }[];
}

/** What a first visit may cost, gzip: everything that members ever need, kept for good after that. */
const SCRIPT_BUDGET = 130_000;
const STYLE_BUDGET = 8_000;

const web = fileURLToPath(new URL('../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'console-'));
/** Two builds: of this checkout, and of a copy in a place whose path has nothing in common with it, not even its length. */
const COPY = join(folder, 'another/much/deeper/place');
const HERE = join(folder, 'here');
const THERE = join(COPY, 'apps/console/dist');
const read = (dist: string, path: string) => readFileSync(join(dist, path));
const release = (dist: string) => JSON.parse(read(dist, 'release/release.json').toString()) as Release;
const dependencies = (manifest: string) => Object.keys((JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies?: object }).dependencies ?? {});

/** A checkout of its own with everything that is bundled; only the tools are the ones installed here. */
function checkout(): void {
  const ours = (path: string) => !['node_modules', 'dist', 'test', 'gallery'].includes(basename(path));
  const sources = ['apps/console', ...readdirSync(join(web, 'packages')).map((name) => `packages/${name}`)];
  for (const source of sources) cpSync(join(web, source), join(COPY, source), { recursive: true, filter: ours });
  cpSync(join(web, 'tsconfig.base.json'), join(COPY, 'tsconfig.base.json'));
  const modules = join(COPY, 'node_modules');
  cpSync(join(web, 'node_modules/@waxseal'), join(modules, '@waxseal'), { recursive: true, verbatimSymlinks: true });
  const used = sources.flatMap((source) => dependencies(join(web, source, 'package.json'))).filter((name) => !name.startsWith('@waxseal/'));
  const bundled = new Set(['svelte', ...used]);
  // A set that grows while it is walked: what they need is walked, too.
  for (const name of bundled) {
    cpSync(join(web, 'node_modules', name), join(modules, name), { recursive: true, filter: (path) => !path.endsWith('.d.ts') });
    dependencies(join(web, 'node_modules', name, 'package.json')).forEach((need) => bundled.add(need));
  }
  mkdirSync(join(modules, '@sveltejs'), { recursive: true });
  for (const tool of ['vite', '@sveltejs/vite-plugin-svelte']) symlinkSync(join(web, 'node_modules', tool), join(modules, tool));
}

beforeAll(() => {
  checkout();
  execFileSync(process.execPath, ['build/build.mjs', HERE], { cwd: join(web, 'apps/console'), stdio: 'pipe' });
  execFileSync(process.execPath, ['build/build.mjs'], { cwd: join(COPY, 'apps/console'), stdio: 'pipe' });
});

afterAll(() => rmSync(folder, { recursive: true }));

test('two builds in two different folders give the same bytes', () => {
  expect(read(THERE, 'release/release.json').toString()).toBe(read(HERE, 'release/release.json').toString());
});

test('the manifest has every file as it is, and the shell asks for each with its integrity', () => {
  const { files } = release(HERE);
  const built = readdirSync(join(HERE, 'assets')).filter((file) => !/\.(br|gz)$/.test(file));
  expect(files.map(({ path }) => path)).toEqual(['/index.html', ...built.map((file) => `/assets/${file}`)].sort());
  for (const { path, bytes, sha256, integrity } of files) {
    const content = read(HERE, path);
    expect([bytes, sha256]).toEqual([content.length, createHash('sha256').update(content).digest('hex')]);
    expect(integrity).toBe(`sha384-${createHash('sha384').update(content).digest('base64')}`);
  }
  const asked = [...read(HERE, 'index.html').toString().matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))" integrity="([^"]+)"/g)];
  expect(asked).toHaveLength(3);
  for (const [, path, integrity] of asked) expect(files.find((file) => file.path === path)?.integrity).toBe(integrity);
});

test('nothing shipped parses markup, makes code from text, or loads a script that nobody named', () => {
  for (const { path } of release(HERE).files.filter((file) => file.path.endsWith('.js'))) {
    const script = read(HERE, path).toString();
    // Svelte's runtime names `innerHTML` once: in the list of properties that a spread must never set.
    expect(script, path).not.toMatch(/\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function\(|createContextualFragment/);
    expect(script, path).not.toMatch(/\bimport\s*\(\s*["'`][./h]/);
    expect(script.match(/createPolicy\(/g)?.length ?? 0, path).toBeLessThanOrEqual(1);
  }
  expect(read(HERE, 'index.html').toString()).not.toMatch(/<script>|<style| style=| on[a-z]+=/);
});

test('nothing of the gallery is shipped', () => {
  const shipped = release(HERE).files.map(({ path }) => read(HERE, path).toString()).join('');
  expect(shipped).not.toMatch(/aiko\.tanaka|The gallery has no answer/);
});

test('a first visit fits its budget', () => {
  const gzipped = (suffix: RegExp) => release(HERE).files.filter(({ path }) => suffix.test(path)).reduce((sum, { path }) => sum + gzipSync(read(HERE, path), { level: 9 }).length, 0);
  expect(gzipped(/\/(first|console)\..*\.js$/)).toBeLessThanOrEqual(SCRIPT_BUDGET);
  expect(gzipped(/\.css$/)).toBeLessThanOrEqual(STYLE_BUDGET);
});
