import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** Bytes of a minified bundle after `gzip -9`, without the HPKE library, which pages load as a file of its own. */
async function gzipped(entry: string, external: string[] = ['*/hpke.ts']): Promise<number> {
  const bundle = await build({
    stdin: { contents: `export * from '${entry}';`, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: 'esm',
    external,
    target: 'es2022',
    write: false,
  });
  return gzipSync(bundle.outputFiles[0]!.contents, { level: 9 }).length;
}

it.each([
  ['everything that opens a link', '@waxseal/flow/open', 6_650],
  ['everything that creates one', '@waxseal/flow/create', 4_400],
  ['everything of a receipt', '@waxseal/flow/receipt', 3_700],
  ['everything of a device-bound secret', '@waxseal/flow/bound', 6_600],
  ['everything of a passkey copy', '@waxseal/flow/passkey', 4_500],
  ['the HPKE library', '@waxseal/crypto/hpke', 9_000, []],
  ['the passphrase worker', '@waxseal/crypto/argon2-worker', 12_000],
  ['the generator', '@waxseal/crypto/generate', 1_500],
] as [string, string, number, string[]?][])('%s fits its budget', async (_, entry, budget, external) => {
  const size = await gzipped(entry, external);
  expect(size).toBeGreaterThan(0);
  expect(size, `${entry}: ${size} bytes`).toBeLessThanOrEqual(budget);
});
