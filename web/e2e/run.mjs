// Runs the browser tests: `npm run e2e`, or with words of which a test's name must contain one.
// `npm run screenshots` runs the same walk through every state and keeps pictures of it.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const words = process.argv.slice(2);
const screenshots = words[0] === '--screenshots';
if (screenshots) words.shift();
const escape = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const folder = fileURLToPath(new URL('screenshots', import.meta.url));
if (screenshots && words.length === 0) rmSync(folder, { recursive: true, force: true });

const cli = fileURLToPath(import.meta.resolve('@playwright/test/cli'));
const filter = words.length ? ['--grep', words.map(escape).join('|'), '--pass-with-no-tests'] : [];
const { status } = spawnSync(process.execPath, [cli, 'test', ...filter], {
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  env: { ...process.env, WAXSEAL_E2E_SCREENSHOTS: screenshots ? '1' : '' },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;

/** How many pictures there are, of each page, and in each language, width and theme. */
if (screenshots && status === 0) {
  const names = readdirSync(folder).map((file) => file.split('.'));
  const counts = new Map();
  const count = (key) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const [page, state] of names) count(`${page} ${state}`);
  for (const [, , lang, width, theme] of names) count(`${lang} ${width} px ${theme}`);
  for (const [key, pictures] of counts) console.log(`${String(pictures).padStart(6)}  ${key}`);
  console.log(`\n${names.length} pictures in ${folder}`);
}
