import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

interface Release {
  format: number;
  release: string;
  content_security_policy: string;
  files: { path: string; bytes: number; sha256: string; integrity: string }[];
}

const web = fileURLToPath(new URL('../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'release-'));
/** Two places that have nothing in common, not even the length of their paths. */
const PLACES = [join(folder, 'one'), join(folder, 'another/much/deeper/place')];

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, string>>;
const sources = ['apps/link', ...readdirSync(join(web, 'packages')).map((name) => `packages/${name}`)];
const read = (place: string, path: string) => readFileSync(join(place, 'apps/link/dist', path));

/** A checkout of its own with what is bundled; only the bundler is the one installed here. */
function checkout(place: string): void {
  const ours = (path: string) => !['node_modules', 'dist', 'test'].includes(basename(path));
  for (const source of sources) cpSync(join(web, source), join(place, source), { recursive: true, filter: ours });
  const modules = (...names: string[]) => join(place, 'node_modules', ...names);
  cpSync(join(web, 'node_modules/@waxseal'), modules('@waxseal'), { recursive: true, verbatimSymlinks: true });
  const bundled = sources.flatMap((source) => Object.keys(json(join(web, source, 'package.json'))['dependencies'] ?? {}));
  const foreign = new Set(bundled.filter((name) => !name.startsWith('@waxseal/')));
  // A set that grows while it is walked: what they need is walked, too.
  for (const name of foreign) {
    cpSync(join(web, 'node_modules', name), modules(name), { recursive: true });
    const needs = json(join(web, 'node_modules', name, 'package.json'))['dependencies'] ?? {};
    Object.keys(needs).forEach((need) => foreign.add(need));
  }
  mkdirSync(dirname(modules('esbuild')), { recursive: true });
  symlinkSync(join(web, 'node_modules/esbuild'), modules('esbuild'));
}

beforeAll(() => {
  for (const place of PLACES) {
    checkout(place);
    execFileSync(process.execPath, ['build/build.mjs'], { cwd: join(place, 'apps/link'), stdio: 'pipe' });
  }
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }), 120_000);

test('two builds in two different folders give the same bytes', () => {
  const [one, other] = PLACES.map((place) => read(place, 'release/release.json').toString());
  expect(other).toBe(one);
  for (const { path } of (JSON.parse(one!) as Release).files) {
    expect(read(PLACES[1]!, path).equals(read(PLACES[0]!, path)), path).toBe(true);
  }
});

test('the manifest has every file, in order, as it is', () => {
  const release = JSON.parse(read(PLACES[0]!, 'release/release.json').toString()) as Release;
  const built = ['assets', 'shells'].flatMap((part) => readdirSync(join(PLACES[0]!, 'apps/link/dist', part)).map((file) => `/${part}/${file}`));
  expect(release.files.map(({ path }) => path)).toEqual(built.filter((path) => !/\.(br|gz)$/.test(path)).sort());
  for (const { path, bytes, sha256, integrity } of release.files) {
    const content = read(PLACES[0]!, path);
    expect({ path, bytes, sha256, integrity }).toEqual({
      path,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      integrity: `sha384-${createHash('sha384').update(content).digest('base64')}`,
    });
  }
});

test('the manifest names its release and the policy of every page', () => {
  const release = JSON.parse(read(PLACES[0]!, 'release/release.json').toString()) as Release;
  expect([release.format, release.release]).toEqual([1, json(join(web, 'apps/link/package.json'))['version']]);
  expect(release.content_security_policy).toMatch(/^default-src 'none';.* require-trusted-types-for 'script'/);
});
