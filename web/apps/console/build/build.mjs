// Builds the console into dist/: hash-named scripts and styles, the one shell, br and gz beside each file, and the
// release's manifest in the form of the link pages' (web/apps/link/build). The same sources give the same manifest,
// wherever and whenever they are built. An argument names another folder than dist/.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { weigh } from './budget.mjs';
import { bundle, root } from './bundle.mjs';
import { shell } from './shell.mjs';

const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const next = `${dist}.next`;
const digest = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);
const read = (path) => readFileSync(join(next, path));
const integrity = (path) => `sha384-${digest('sha384', read(path), 'base64')}`;

/** A line of the manifest: `sha256` for people and their tools, `integrity` as in a page's attribute. */
const describe = (path) => ({
  path, bytes: read(path).length, sha256: digest('sha256', read(path), 'hex'), integrity: integrity(path),
});

/** Writes the compressed forms, which no manifest has: another zlib makes others. */
function compress(path) {
  const bytes = read(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(join(next, `${path}.br`), brotliCompressSync(bytes, { params }));
  const gz = gzipSync(bytes, { level: 9 });
  writeFileSync(join(next, `${path}.gz`), gz);
  return gz.length;
}

rmSync(next, { recursive: true, force: true });
mkdirSync(join(next, 'assets'), { recursive: true });

const worker = await bundle({ name: 'argon2', entry: join(root, 'src/argon2.worker.ts'), outDir: next });
const first = await bundle({ name: 'first', entry: join(root, 'src/first.ts'), outDir: next, format: 'iife' });
const define = { ARGON2_WORKER: JSON.stringify(worker.script) };
const app = await bundle({ name: 'console', entry: join(root, 'src/main.ts'), outDir: next, split: true, define });

const art = readFileSync(join(root, '../../packages/ui/art/icon.svg'));
const icon = `/assets/icon.${digest('sha256', art, 'hex').slice(0, 8)}.svg`;
writeFileSync(join(next, icon), art);
writeFileSync(join(next, 'index.html'), shell({ ...app, first: first.script, icon, integrity }));

const files = ['/index.html', ...readdirSync(join(next, 'assets')).map((file) => `/assets/${file}`)].sort().map(describe);
const policy = readFileSync(join(root, 'policy.txt'), 'utf8').trim();
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const head = `"format": 1,\n "release": "${version}",\n "content_security_policy": ${JSON.stringify(policy)}`;
mkdirSync(join(next, 'release'));
writeFileSync(join(next, 'release/release.json'), `{\n ${head},\n "files": [\n${files.map((file) => `  ${JSON.stringify(file)}`).join(',\n')}\n ]\n}\n`);
const sizes = Object.fromEntries(files.map(({ path }) => [path, compress(path)]));
const weights = weigh(app, first.script, sizes);

// Only a complete build replaces the last one: a server that reads dist while it is rebuilt sees the old or the new.
rmSync(dist, { recursive: true, force: true });
renameSync(next, dist);
for (const { what, bytes, budget } of weights) console.log(`console: ${what}: ${bytes} of ${budget} B gzip`);
