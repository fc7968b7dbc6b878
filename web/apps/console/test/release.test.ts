import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { weigh } from '../build/budget.mjs';

interface Release {
  format: number;
  content_security_policy: string;
  files: { path: string; bytes: number; sha256: string; integrity: string }[];
}

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
  const asked = askedFor();
  expect(asked.map(({ path }) => path).sort()).toEqual(expect.arrayContaining(['console', 'first'].map((name) => expect.stringMatching(`^/assets/${name}\\.`))));
  for (const { path, integrity } of asked) expect(files.find((file) => file.path === path)?.integrity, path).toBe(integrity);
});

/** What the shell names, at once or for later, with what it must be. */
const askedFor = () =>
  [...read(HERE, 'index.html').toString().matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))" integrity="([^"]+)"/g)].map(([, path, integrity]) => ({ path: path!, integrity: integrity! }));

test('each script imports only what the shell names with its integrity, and names before it', () => {
  const shell = read(HERE, 'index.html').toString();
  const templates = [...shell.matchAll(/<template data-part="(\w+)">(.*?)<\/template>/g)].map(([, part, links]) => [part!, [...links!.matchAll(/href="([^"]+)"/g)].map(([, href]) => href!)] as const);
  expect(templates.map(([part]) => part)).toEqual(['account', 'billing', 'domains', 'member', 'organization', 'plan', 'qr', 'share']);
  const entry = askedFor().find(({ path }) => path.startsWith('/assets/console.') && path.endsWith('.js'))!.path;
  for (const [part, files] of templates) {
    for (const [at, file] of files.entries()) {
      const imported = [...read(HERE, file).toString().matchAll(/\bimport[^"'`;(]*["'`]\.\/([^"'`]+)["'`]/g)].map(([, name]) => `/assets/${name}`);
      for (const path of imported) expect([entry, ...files.slice(0, at)], `${part}: ${file}`).toContain(path);
    }
  }
  const later = release(HERE).files.flatMap(({ path }) => [...(path.endsWith('.js') ? read(HERE, path).toString() : '').matchAll(/\bimport\(\s*["'`]\.\/([^"'`]+)/g)].map(([, name]) => `/assets/${name}`));
  expect([...new Set(later)].sort()).toEqual(templates.map(([, files]) => files.at(-1)).sort());
});

test('nothing shipped parses markup, makes code from text, or loads a script from elsewhere', () => {
  for (const { path } of release(HERE).files.filter((file) => file.path.endsWith('.js'))) {
    const script = read(HERE, path).toString();
    // Svelte's runtime names `innerHTML` once: in the list of properties that a spread must never set.
    expect(script, path).not.toMatch(/\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function\(|createContextualFragment/);
    expect(script, path).not.toMatch(/\bimport\s*\(\s*["'`](?:\/|https?:|\.\.)/);
    expect(script.match(/createPolicy\(/g)?.length ?? 0, path).toBeLessThanOrEqual(1);
  }
  expect(read(HERE, 'index.html').toString()).not.toMatch(/<script>|<style| style=| on[a-z]+=/);
});

test('nothing of the gallery is shipped', () => {
  const shipped = release(HERE).files.map(({ path }) => read(HERE, path).toString()).join('');
  expect(shipped).not.toMatch(/aiko\.tanaka|The gallery has no answer/);
});

test('a build that is over its budget is none', () => {
  const app = { script: '/console.js', style: '/console.css', parts: { member: [], plan: [], billing: ['/d.js'], domains: ['/d.js'], account: ['/a.js'], organization: ['/o.js'], share: ['/a.js', '/s.js'] } };
  const fits = { '/first.js': 240, '/console.js': 49_000, '/console.css': 7_000, '/a.js': 1, '/d.js': 1, '/o.js': 1, '/s.js': 1 };
  expect(weigh(app, '/first.js', fits).map(({ bytes }) => bytes)).toEqual([49_240, 49_241, 49_241, 49_241, 49_241, 49_243, 7_000]);
  expect(() => weigh(app, '/first.js', { ...fits, '/console.js': 51_761 })).toThrow('scripts of a visit signed out: 52001 of 52000 B');
});
