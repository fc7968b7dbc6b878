// How the console's sources become files: the same for what is shipped and for the gallery.
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import components from '@waxseal/ui/svelte.config';
import { build } from 'vite';

// What is shipped must not depend on who builds it: inside a test runner this says "test", and libraries bring along
// what helps those who develop.
process.env.NODE_ENV = 'production';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Browsers that came after spring 2023; newer ways to write a colour are written for them, too. */
const TARGET = ['chrome111', 'firefox115', 'safari16.4'];
const [chrome, firefox, safari] = [111 << 16, 115 << 16, (16 << 16) | (4 << 8)];

/**
 * Bundles one entry into `outDir/assets`; gives the names of its script, of its style, if it has one, and of all files of
 * each of its parts (what it imports only when it needs it), if it is to be split.
 */
export async function bundle({ name, entry, outDir, format = 'es', split = false, define = {}, alias = {} }) {
  const [{ output }] = [await build({
    configFile: false,
    root,
    logLevel: 'warn',
    mode: 'production',
    define: { 'process.env.NODE_ENV': '"production"', ...define },
    resolve: { alias },
    plugins: [svelte({ configFile: false, compilerOptions: components.compilerOptions, emitCss: true })],
    css: { transformer: 'lightningcss', lightningcss: { targets: { chrome, firefox, safari } } },
    build: {
      outDir,
      emptyOutDir: false,
      copyPublicDir: false,
      target: TARGET,
      cssMinify: 'lightningcss',
      cssCodeSplit: false,
      assetsInlineLimit: 0,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: { [name]: entry },
        // The HPKE library asks Node for it where a browser has none; every browser of ours has one.
        external: ['crypto'],
        // Of a library that exports a hundred components, only those in use are compiled.
        experimental: { lazyBarrel: true },
        output: {
          format,
          codeSplitting: split,
          chunkFileNames: 'assets/[name].[hash].js',
          entryFileNames: 'assets/[name].[hash].js',
          assetFileNames: `assets/${name}.[hash][extname]`,
        },
      },
    },
  })].flat();
  const style = output.find(({ fileName }) => fileName.endsWith('.css'));
  const script = output.find(({ isEntry }) => isEntry);
  if (!script) throw new Error(`${name} came to nothing`);
  return { script: `/${script.fileName}`, style: style && `/${style.fileName}`, parts: partsOf(output, script) };
}

/** The files of each part: what they import comes first, so that it is asked for with its integrity before they ask. */
function partsOf(output, script) {
  const chunks = new Map(output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]));
  const files = (file) => [...new Set([...chunks.get(file).imports.filter((other) => other !== script.fileName).flatMap(files), file])];
  const parts = [...chunks.values()].filter(({ isDynamicEntry }) => isDynamicEntry);
  return Object.fromEntries(parts.map(({ name, fileName }) => [name, files(fileName).map((file) => `/${file}`)]).sort());
}
