import { appendFileSync } from 'node:fs';
import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter';
import { shape } from './servers.ts';

/** Writes what every test came to as a line of JSON to the file that `WAXSEAL_RESULTS` names, if it names one. */
export default class Results implements Reporter {
  readonly #file = process.env['WAXSEAL_RESULTS'];

  onTestEnd(test: TestCase, result: TestResult): void {
    if (!this.#file) return;
    // The first three are the root, the project and the file.
    const name = test.titlePath().slice(3).join(' ');
    const reason = test.annotations.find(({ type }) => type === 'skip')?.description ?? 'skipped in its source';
    const skipped = result.status === 'skipped' ? { skipped: reason } : {};
    const suite = shape() === 'one' ? 'browser' : `browser-${shape()}`;
    const line = { suite, name, ok: result.status === 'passed', ...skipped };
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  printsToStdio(): boolean {
    return false;
  }
}
