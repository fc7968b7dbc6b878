// Runs the browser tests: `npm run e2e`, or with words of which a test's name must contain one.
// `npm run screenshots` runs the same walk through every state and keeps pictures of it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const words = process.argv.slice(2);
const screenshots = words[0] === '--screenshots';
if (screenshots) words.shift();
const escape = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const cli = fileURLToPath(import.meta.resolve('@playwright/test/cli'));
const filter = words.length ? ['--grep', words.map(escape).join('|'), '--pass-with-no-tests'] : [];
const { status } = spawnSync(process.execPath, [cli, 'test', ...filter], {
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  env: { ...process.env, WAXSEAL_E2E_SCREENSHOTS: screenshots ? '1' : '' },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
