import { defineConfig } from '@playwright/test';
import { BROWSER } from './src/chromium.ts';

const screenshots = Boolean(process.env['WAXSEAL_E2E_SCREENSHOTS']);

const [AFTERWARDS, PICTURES] = ['afterwards.spec.ts', 'screenshots.spec.ts'];

/** What people do, and then what must have been true of all of it. */
const PROMISES = [
  { name: 'promises', testIgnore: [AFTERWARDS, PICTURES], teardown: 'afterwards' },
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
