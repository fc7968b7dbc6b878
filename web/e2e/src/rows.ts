import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { run } from './servers.ts';

/** What lies in a server's database. Python's standard library reads SQLite; Node 20's does not. */
const ASK = `
import json, sqlite3, sys
database, statement, *values = sys.argv[1:]
with sqlite3.connect(database, timeout=30) as connection:
    cursor = connection.execute(statement, values)
    print(json.dumps([cursor.fetchall(), cursor.rowcount], default=bytes.hex))
`;

type Row = (string | number | null)[];

function ask(dataDir: string, statement: string, values: readonly string[]): [Row[], number] {
  const answer = execFileSync('python3', ['-c', ASK, join(dataDir, 'waxseal.db'), statement, ...values], { encoding: 'utf8' });
  return JSON.parse(answer) as [Row[], number];
}

/** What a query finds. */
export const rows = (statement: string, values: readonly string[] = [], dataDir = run.dataDir): Row[] => ask(dataDir, statement, values)[0];

/** Changes exactly one row. */
export function change(statement: string, values: readonly string[], dataDir = run.dataDir): void {
  const [, changed] = ask(dataDir, statement, values);
  if (changed !== 1) throw new Error(`${changed} rows were changed by ${statement}`);
}

/** Every column of every table in which the text stands, whatever it is there for. */
export function whereIs(text: string, dataDir = run.dataDir): string[] {
  const columns = rows("SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'", [], dataDir);
  const looks = columns.map(([table, column]) => `SELECT '${table}.${column}' FROM "${table}" WHERE instr(CAST("${column}" AS TEXT), ?1)`);
  return rows(looks.join(' UNION '), [text], dataDir).map(([place]) => String(place));
}

/** What a domain below localhost has beside its id, its tenant and its host. */
const GIVEN = {
  transport: "'loopback'", token: "''", token_drawn_at_ms: '0', token_answers_contest: '0', label: "''", ownership: "'verified'",
  since_ms: '0', pointing: "'pointing'", gate: "'open'", checks_since_ms: '0', checks: '0',
  settings: `'{"home":"create","creators":"everyone"}'`,
};

/** Gives an organization a domain that needs no proof. Edges serve it once they have looked again. */
export function addDomain(slug: string, host: string, dataDir = run.dataDir): void {
  const id = `dom_${randomBytes(16).toString('base64url')}`;
  const columns = Object.keys(GIVEN).join(', ');
  const [, added] = ask(
    dataDir,
    `INSERT INTO domains (tenant_id, id, host, created_at_ms, ${columns})
     SELECT id, ?1, ?2, created_at_ms, ${Object.values(GIVEN).join(', ')} FROM tenants
     WHERE slug = ?3 AND NOT EXISTS (SELECT 1 FROM domains WHERE host = ?2)`,
    [id, host, slug],
  );
  if (added === 0) return;
  // It looks as any other does.
  change('INSERT INTO brands (tenant_id, domain_id, look) SELECT tenant_id, id, (SELECT look FROM brands LIMIT 1) FROM domains WHERE id = ?', [id], dataDir);
  announce(id, dataDir);
}

/** The next number of the change log is this domain's: one transaction, as other workers count on. */
const ANNOUNCE = `
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE change_log SET position = position + 1 WHERE name = 'edges'")
connection.execute('''INSERT INTO domain_changes (domain_id, position, at_ms) SELECT ?, position, 0 FROM change_log WHERE name = 'edges'
    ON CONFLICT (domain_id) DO UPDATE SET position = excluded.position''', sys.argv[2:])
connection.execute("COMMIT")
`;

/** Tells edges that a domain has changed. */
function announce(id: string, dataDir: string): void {
  execFileSync('python3', ['-c', ANNOUNCE, join(dataDir, 'waxseal.db'), id]);
}

/** Somebody in an organization, who never came in by a door; gives the account's id. */
export function addMember(slug: string, name: string, dataDir = run.dataDir): string {
  const id = `acc_${randomBytes(16).toString('base64url')}`;
  const email = `${id.toLowerCase()}@people.example`;
  change("INSERT INTO accounts (id, email_key, email, name, lang, created_at_ms) VALUES (?, ?, ?, ?, 'en', 0)", [id, email, email, name], dataDir);
  change("INSERT INTO memberships (tenant_id, account_id, role, joined_at_ms) SELECT id, ?, 'member', 0 FROM tenants WHERE slug = ?", [id, slug], dataDir);
  return id;
}

/** What an organization decides for a domain; `brand` are texts of its look. */
export interface Decision {
  settings?: object;
  brand?: Record<string, string>;
}

/** Decides it, as the organization's own pages would. Edges know it once they have looked again. */
export function decide(host: string, { settings, brand }: Decision, dataDir = run.dataDir): void {
  const id = String(rows('SELECT id FROM domains WHERE host = ?', [host], dataDir)[0]?.[0]);
  const whole = { home: 'create', creators: 'everyone', ...settings };
  if (settings) change('UPDATE domains SET settings = ? WHERE id = ?', [JSON.stringify(whole), id], dataDir);
  if (brand) change('UPDATE brands SET look = json_patch(look, ?) WHERE domain_id = ?', [JSON.stringify(brand), id], dataDir);
  announce(id, dataDir);
}
