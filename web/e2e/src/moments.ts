import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { run } from './servers.ts';

/**
 * The server's clock cannot be set, and nobody wants a server whose clock can. So time passes for one secret, or one session, instead:
 * its moments move, in the database of the durable server. Python's standard library reads SQLite; Node 20's does not.
 */
const MOVE = `
import sqlite3, sys
database, change, whose = sys.argv[1:]
with sqlite3.connect(database, timeout=30) as connection:
    assert connection.execute('UPDATE ' + change, (whose,)).rowcount == 1
`;

const write = (change: string, whose: string) => execFileSync('python3', ['-c', MOVE, join(run.dataDir, 'waxseal.db'), change, whose]);

function move(link: string, change: string): void {
  write(`secrets SET ${change} WHERE id = ?`, new URL(link).pathname.split('/').at(-1) ?? '');
}

/** The secret's lifetime is over. */
export function outlive(link: string): void {
  move(link, 'expires_at_ms = created_at_ms + 1');
}

/** The wait after wrong tries is over. */
export function outwait(link: string): void {
  move(link, 'next_try_at_ms = 0');
}

/** The one session of this account was proven longer ago than dangerous acts allow. */
export function provenLongAgo(email: string): void {
  write('sessions SET stepped_up_until_ms = created_at_ms WHERE account_id = (SELECT id FROM accounts WHERE email = ?)', email);
}
