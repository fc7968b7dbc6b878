import { change } from './rows.ts';

/**
 * The server's clock cannot be set, and nobody wants a server whose clock can. So time passes for one secret, or one
 * session, instead: its moments move, in the database of the durable server.
 */
function move(link: string, what: string): void {
  change(`UPDATE secrets SET ${what} WHERE id = ?`, [new URL(link).pathname.split('/').at(-1) ?? '']);
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
  change('UPDATE sessions SET stepped_up_until_ms = created_at_ms WHERE account_id = (SELECT id FROM accounts WHERE email = ?)', [email]);
}
