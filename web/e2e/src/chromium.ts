import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { chromium, type BrowserContext } from '@playwright/test';

/** The system's Chromium, told to speak to nobody but the pages under test. */
export const BROWSER = {
  path: process.env['WAXSEAL_E2E_CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export interface RealBrowser {
  /** The person's own profile, which lies on the disk. */
  context: BrowserContext;
  /** Ends every process of the browser at once, as a crash or an empty battery does. Nothing is flushed. */
  kill(): Promise<void>;
}

/** A whole browser over a profile folder: Playwright's own can only be closed politely. */
export async function startBrowser(profile: string): Promise<RealBrowser> {
  const options = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, '--no-first-run'];
  // Its own process group, so that one signal reaches every process of it.
  const browser = spawn(BROWSER.path, [...BROWSER.args, ...options, 'about:blank'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => browser.once('close', () => resolve()));
  const kill = async () => {
    if (browser.pid && browser.exitCode === null && browser.signalCode === null) process.kill(-browser.pid, 'SIGKILL');
    await ended;
  };
  try {
    const connected = await chromium.connectOverCDP(await endpoint(browser.stderr));
    const [context] = connected.contexts();
    if (!context) throw new Error('Chromium has no default profile');
    return { context, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

async function endpoint(stderr: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input: stderr });
  for await (const line of lines) {
    const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (!found) continue;
    stderr.resume(); // A full pipe would stop the browser.
    return found;
  }
  throw new Error('Chromium did not start');
}
