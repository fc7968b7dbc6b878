import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** Bytes of a minified bundle after `gzip -9`. */
async function gzipped(entry: string): Promise<number> {
  const bundle = await build({
    stdin: { contents: `export * from '${entry}';`, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return gzipSync(bundle.outputFiles[0]!.contents, { level: 9 }).length;
}

it.each([
  ['everything that opens a link', '@waxseal/flow/open', 5_000],
  ['everything that creates one', '@waxseal/flow/create', 3_000],
  ['everything of a receipt', '@waxseal/flow/receipt', 2_500],
  ['the passphrase worker', '@waxseal/crypto/argon2-worker', 12_000],
  ['the generator', '@waxseal/crypto/generate', 1_500],
])('%s fits its budget', async (_, entry, budget) => {
  const size = await gzipped(entry);
  expect(size).toBeGreaterThan(0);
  expect(size, `${entry}: ${size} bytes`).toBeLessThanOrEqual(budget);
});
