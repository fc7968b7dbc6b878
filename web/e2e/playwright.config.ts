import { defineConfig } from '@playwright/test';
import { BROWSER } from './src/chromium.ts';
import { shape } from './src/servers.ts';

const screenshots = Boolean(process.env['WAXSEAL_E2E_SCREENSHOTS']);

const [AFTERWARDS, PICTURES] = ['afterwards.spec.ts', 'screenshots.spec.ts'];

/** What the parts of the service do together: all there is to see when they run as several processes. */
const TOGETHER = ['open.spec.ts', 'receipt.spec.ts', 'recovery.spec.ts', 'views.spec.ts'];

const stories =
  shape() === 'one'
    ? { testIgnore: [AFTERWARDS, PICTURES] }
    : // Some kill the server, or reach into its files: there must be one server, and files.
      { testMatch: TOGETHER, grepInvert: /@one-process/ };

/** What people do, and then what must have been true of all of it. */
const PROMISES = [
  { name: 'promises', ...stories, teardown: 'afterwards' },
  { name: 'afterwards', testMatch: AFTERWARDS },
];

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  globalSetup: './src/servers.ts',
  outputDir: 'test-results',
  reporter: [['list'], ['./src/reporter.ts']],
  use: {
    locale: 'en-GB',
    launchOptions: { executablePath: BROWSER.path, args: BROWSER.args, chromiumSandbox: false },
    trace: 'off',
  },
  projects: screenshots ? [{ name: 'screenshots', testMatch: PICTURES }] : PROMISES,
});
