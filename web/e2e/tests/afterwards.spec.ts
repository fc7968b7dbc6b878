import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { read, spellings } from '../src/ledger.ts';
import { run } from '../src/servers.ts';

/** What must have been true of everything that ran before. Each page's own test fails for its own faults, too. */

test.beforeEach(() => {
  test.skip(read('pages').length === 0, 'no page was open in this run');
});

test('no page broke its Content-Security-Policy, complained, or spoke to another origin', () => {
  expect(read('faults')).toEqual([]);
});

test('no link, text, passphrase or receipt stood in a URL that was requested', () => {
  const urls = read('pages').join('\n');
  expect(urls).toContain('/v1/secrets/claim');
  expect(read('secrets').filter((secret) => spellings(secret).some((form) => urls.includes(form)))).toEqual([]);
});

test("no link, text, passphrase or receipt stood in the server's log", () => {
  const log = readFileSync(run.serverLog, 'utf8');
  expect(log, 'it logs requests').toContain('/v1/secrets/claim');
  expect(read('secrets').length).toBeGreaterThan(0);
  expect(read('secrets').filter((secret) => spellings(secret).some((form) => log.includes(form)))).toEqual([]);
});
