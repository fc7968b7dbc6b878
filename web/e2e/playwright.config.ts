import { defineConfig } from '@playwright/test';
import { BROWSER } from './src/chromium.ts';

const screenshots = Boolean(process.env['WAXSEAL_E2E_SCREENSHOTS']);

/** Two projects: what people do, and then what must have been true of all of it. */
const PROMISES = [
  { name: 'promises', testDir: 'tests', testIgnore: 'afterwards.spec.ts', teardown: 'afterwards' },
  { name: 'afterwards', testDir: 'tests', testMatch: 'afterwards.spec.ts' },
];

export default defineConfig({
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
  projects: screenshots ? [{ name: 'screenshots', testDir: 'screenshots-of' }] : PROMISES,
});
