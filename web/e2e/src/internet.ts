import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { example } from './servers.ts';

/** A DNS of a test's own, from the root down: `crates/dns-tree/examples/internet.rs`. */
export interface Internet {
  /** What makes a server ask this one, and nobody else's. */
  env: Record<string, string>;
  /** Does what a line says; gives the answer. */
  tell<Answer = null>(line: string): Promise<Answer>;
  stop(): void;
}

interface Place {
  roots: string[];
  port: number;
  algorithm: number;
  key: number[];
}

/** Tenants' hosts point below it. */
export const ZONE = 'edge.example.net';

/** Starts a tree with these zones and their servers. */
export async function startInternet(zones: Readonly<Record<string, readonly string[]>>): Promise<Internet> {
  const child = spawn(example('internet'), Object.entries(zones).map(([apex, servers]) => `${apex}=${servers.join(',')}`), { stdio: ['pipe', 'pipe', 'inherit'] });
  const killNow = () => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async <Answer>(): Promise<Answer> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the tree of name servers has ended; is the example "internet" of wax-dns-tree built?');
    return JSON.parse(value) as Answer;
  };
  const { roots, port, algorithm, key } = await answer<Place>();
  return {
    env: {
      WAXSEAL_DOMAINS__ZONE: ZONE,
      WAXSEAL_DOMAINS__DNS_ROOTS: roots.join(','),
      WAXSEAL_DOMAINS__DNS_PORT: String(port),
      WAXSEAL_DOMAINS__DNS_ROOT_KEY: `${algorithm} ${Buffer.from(key).toString('base64url')}`,
    },
    tell: (line) => (child.stdin.write(`${line}\n`), answer()),
    stop: () => {
      process.off('exit', killNow);
      child.kill();
    },
  };
}
