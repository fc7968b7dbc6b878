// Builds every page into dist/: hash-named scripts and styles, one shell per page and language, br and gz beside each
// file, and the release's manifest, which says what every file is. The same sources give the same manifest, wherever
// and whenever they are built. An argument names another folder than dist/.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { shell } from './shell.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = join(root, '../../packages');
const locales = join(packages, 'i18n/locales');
const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const next = `${dist}.next`;

const LANGUAGES = readdirSync(locales).sort();
/** Pages that say one thing, and have nothing to do. */
const STILL = ['missing', 'held'];
const PAGES = ['home', 'open', 'receipt', ...STILL];

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  charset: 'utf8',
  legalComments: 'none',
  outdir: join(next, 'assets'),
  metafile: true,
  logLevel: 'warning',
};

/** `#messages/open.json` is the open page's catalogue in the language this bundle is for. */
const messages = (lang) => ({
  name: 'messages',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^#messages\// }, ({ path }) => ({ path: join(locales, lang, path.slice('#messages/'.length)) })),
});

/** The HPKE library is a file of its own: for every page and language the same, and kept when the pages change. */
const library = (path) => ({
  name: 'library',
  setup: ({ onResolve }) => onResolve({ filter: /\/hpke\.ts$/ }, () => ({ path, external: true })),
});

/** Runs esbuild; gives the URL of each entry's file by the entry's name. */
async function bundle(entryPoints, options) {
  const { metafile } = await build({ ...common, entryPoints, ...options });
  const outputs = Object.entries(metafile.outputs).filter(([, output]) => output.entryPoint);
  const name = (file) => file.split('/').at(-1);
  return Object.fromEntries(outputs.map(([file]) => [name(file).split('.')[0], `/assets/${name(file)}`]));
}

const digest = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);

function compress(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return { br: brotliCompressSync(bytes, { params }), gz: gzipSync(bytes, { level: 9 }) };
}

/** Writes the compressed forms, which no manifest has: another zlib makes others. */
function publish(path) {
  const bytes = readFileSync(join(next, path));
  const { br, gz } = compress(bytes);
  writeFileSync(join(next, `${path}.br`), br);
  writeFileSync(join(next, `${path}.gz`), gz);
  return { gzip: gz.length };
}

/** A line of the manifest: `sha256` for people and their tools, `integrity` as in a page's attribute. */
function describe(path) {
  const bytes = readFileSync(join(next, path));
  const [sha256, sha384] = [digest('sha256', bytes, 'hex'), digest('sha384', bytes, 'base64')];
  return { path, bytes: bytes.length, sha256, integrity: `sha384-${sha384}` };
}

const read = (lang, area) => JSON.parse(readFileSync(join(locales, lang, `${area}.json`), 'utf8'));
const art = (name) => readFileSync(join(packages, 'ui/art', name), 'utf8').trim();

rmSync(next, { recursive: true, force: true });
mkdirSync(join(next, 'shells'), { recursive: true });

const { argon2, hpke } = await bundle(
  { argon2: '@waxseal/crypto/argon2-worker', hpke: join(packages, 'crypto/src/hpke.ts') },
  { entryNames: '[name].[hash]' },
);
const style = await bundle(
  { link: './style/link.css', icon: join(packages, 'ui/art/icon.svg') },
  { entryNames: '[name].[hash]', loader: { '.svg': 'copy' } },
);
/** What a page loads on demand stands in its script as a constant: where it is, and what it must be. */
const released = (src) => JSON.stringify({ src, integrity: describe(src).integrity });
const scripts = {};
for (const lang of LANGUAGES) {
  const options = { entryNames: `[name].${lang}.[hash]`, plugins: [messages(lang), library(hpke)] };
  const { later } = await bundle({ later: './src/open/later/main.ts' }, options);
  const define = { ARGON2_WORKER: released(argon2), OPENING_LATER: released(later) };
  const pages = Object.fromEntries(PAGES.map((page) => [page, `./src/${STILL.includes(page) ? 'still' : page}/main.ts`]));
  scripts[lang] = await bundle(pages, { ...options, define });
}

const files = readdirSync(join(next, 'assets')).map((file) => describe(`/assets/${file}`));
const assets = Object.fromEntries(files.map((file) => [file.path, file]));
for (const page of PAGES) {
  for (const lang of LANGUAGES) {
    const [script, { link, icon }] = [scripts[lang][page], style];
    const path = `/shells/${page}.${lang}.html`;
    const html = shell({
      page, lang, scripts: STILL.includes(page) ? [script] : [hpke, script], still: STILL.includes(page), link, icon, assets, languages: LANGUAGES,
      pages: read(lang, 'pages'), seal: art('seal.svg'),
    });
    writeFileSync(join(next, path), html);
    files.push(describe(path));
  }
}
files.sort((a, b) => (a.path < b.path ? -1 : 1));
const compressed = Object.fromEntries(files.map(({ path }) => [path, publish(path)]));

const policy = readFileSync(join(root, 'policy.txt'), 'utf8').trim();
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const head = `"format": 1,\n "release": "${version}",\n "content_security_policy": ${JSON.stringify(policy)}`;
const lines = files.map((file) => `  ${JSON.stringify(file)}`).join(',\n');
mkdirSync(join(next, 'release'));
writeFileSync(join(next, 'release/release.json'), `{\n ${head},\n "files": [\n${lines}\n ]\n}\n`);

// Only a complete build replaces the last one: a server that reads dist while it is rebuilt sees the old or the new.
rmSync(dist, { recursive: true, force: true });
renameSync(next, dist);

for (const page of PAGES) console.log(page, ...LANGUAGES.map((lang) => `${lang} ${compressed[scripts[lang][page]].gzip} B gzip`));
