import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `waxseald serve --demo` calls its organization and its host. */
export const ORGANIZATION = 'Acme, Inc.';
export const HOST = 'secrets.acme.localhost';
/** Where its members sign in. */
export const PLATFORM = 'app.localhost';

export interface Server {
  /** `http://secrets.acme.localhost:<port>` */
  origin: string;
  /** Signs in as the owner of the demo's organization, once. Absent where no accounts are served. */
  signInLink?: string | undefined;
  /** Politely, as a service manager does. */
  stop(): Promise<void>;
  /** As a power cut does. */
  kill(): Promise<void>;
}

interface Place {
  /** Standard error goes to this file, after what is there. */
  log: string;
  /** Absent: `--ephemeral`. */
  dataDir?: string;
  /** 0 lets the system choose. */
  port?: number;
  /** Settings of its own. */
  env?: Record<string, string>;
}

/** Limits that a network of people would never reach, and this suite would. */
const UNLIMITED = {
  WAXSEAL_LIMITS__CREATES_PER_MINUTE: '100000',
  WAXSEAL_LIMITS__CREATE_BURST: '100000',
  WAXSEAL_LIMITS__REQUESTS_PER_MINUTE: '100000',
  WAXSEAL_LIMITS__REQUEST_BURST: '100000',
  WAXSEAL_LIMITS__SIGN_INS_PER_MINUTE: '100000',
  WAXSEAL_LIMITS__SIGN_IN_BURST: '100000',
};

function binary(): string {
  return process.env['WAXSEALD'] || join(built(), 'waxseald');
}

/** A program beside the tests, built with them wherever the server that is tested comes from. */
export function example(name: string): string {
  return join(built(), 'examples', name);
}

function built(): string {
  const options = { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8', maxBuffer: 1 << 24 } as const;
  const metadata = execFileSync('cargo', ['metadata', '--no-deps', '--format-version', '1'], options);
  return join((JSON.parse(metadata) as { target_directory: string }).target_directory, 'debug');
}

interface Running {
  child: ChildProcess;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts one process. It ends with this one at the latest. */
function spawnServer(log: string, options: string[], env: Record<string, string>): Running {
  const child = spawn(binary(), ['serve', '--demo', ...options], {
    env: {
      PATH: process.env['PATH'],
      WAXSEAL_LISTENERS__MANAGEMENT: '',
      WAXSEAL_LOG__FORMAT: 'json',
      // More than anybody logs, so that a secret in any of it is found.
      WAXSEAL_LOG__FILTER: 'debug',
      WAXSEAL_ACCOUNTS__SIGN_UP: 'open',
      ...env,
      ...UNLIMITED,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.pipe(createWriteStream(log, { flags: 'a' }));
  const killNow = () => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const end = async (signal: NodeJS.Signals) => {
    const ended = exited(child);
    child.kill(signal);
    await ended;
    process.off('exit', killNow);
  };
  return { child, end };
}

/** Starts waxseald on this machine and resolves when it takes requests. */
export async function startServer({ log, dataDir, port = 0, env }: Place): Promise<Server> {
  const { child, end } = spawnServer(log, dataDir ? [] : ['--ephemeral'], {
    WAXSEAL_LISTENERS__PLAIN: `127.0.0.1:${port}`,
    ...(dataDir && { WAXSEAL_STORE__DATA_DIR: dataDir }),
    ...env,
  });
  const { origin, signInLink } = await welcomed(child);
  return { origin, signInLink, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

/** How the parts of the service are spread over processes, and how many of each there are. */
const SHAPES = { one: 0, two: 1, fleet: 2 } as const;
export type Shape = keyof typeof SHAPES;

/** `WAXSEAL_SHAPE` says which; everything in one process unless it is set. */
export function shape(): Shape {
  const named = process.env['WAXSEAL_SHAPE'] || 'one';
  if (!(named in SHAPES)) throw new Error(`WAXSEAL_SHAPE is ${named}, and must be one of ${Object.keys(SHAPES).join(', ')}`);
  return named as Shape;
}

/** Starts edges and secrets nodes as processes of their own, on an empty Postgres database. People go to the first edge. */
async function startFleet(log: string, dataDir: string, each: number): Promise<Server> {
  const shared = { DATABASE_URL: required('WAXSEAL_TEST_POSTGRES_URL') };
  const nodes: Running[] = [];
  const upstream: string[] = [];
  for (let node = 0; node < each; node++) {
    const address = `127.0.0.1:${await freePort()}`;
    const env = { ...shared, WAXSEAL_STORE__DATA_DIR: dataDir, WAXSEAL_LISTENERS__SERVICES: address };
    nodes.push(spawnServer(log, ['--only', 'secrets,accounts,worker'], env));
    upstream.push(`http://${address}`);
  }
  const edges = await Promise.all(
    Array.from({ length: each }, async (_, edge) => {
      const env = { ...shared, WAXSEAL_STORE__DATA_DIR: `${dataDir}-edge-${edge}` };
      const listeners = { WAXSEAL_LISTENERS__PLAIN: '127.0.0.1:0', WAXSEAL_UPSTREAM__SECRETS: upstream.join(','), WAXSEAL_UPSTREAM__ACCOUNTS: upstream.join(',') };
      const running = spawnServer(log, ['--only', 'edge'], { ...env, ...listeners });
      return { ...running, ...(await welcomed(running.child)) };
    }),
  );
  const end = async (signal: NodeJS.Signals) => {
    await Promise.all(edges.map((edge) => edge.end(signal)));
    await Promise.all(nodes.map((node) => node.end(signal)));
  };
  const [first] = edges;
  if (!first) throw new Error('a fleet has an edge');
  return { origin: first.origin, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

/** A port that nobody has at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** The demo prints its address and its owner's link once it listens; the last line says how to stop it. */
async function welcomed(child: ChildProcess): Promise<Pick<Server, 'origin' | 'signInLink'>> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const origin = new RegExp(`http://${HOST.replaceAll('.', '\\.')}:\\d+(?=\\s)`).exec(said)?.[0];
      if (origin && said.includes('Ctrl-C')) resolve({ origin, signInLink: /^ +Sign in +(\S+)/m.exec(said)?.[1] });
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`waxseald ended with ${code} before it was up; is it built?`)));
  });
}

/** What the operator types beside the server that keeps; gives what it prints. */
export function admin(...command: string[]): string {
  const env = {
    PATH: process.env['PATH'],
    WAXSEAL_STORE__DATA_DIR: run.dataDir,
    WAXSEAL_LISTENERS__PLAIN: `127.0.0.1:${new URL(run.durableOrigin).port}`,
  };
  return execFileSync(binary(), ['admin', ...command], { env, encoding: 'utf8' }).trim();
}

/**
 * The command line client as a CI job runs it: the key in its environment, the text from a pipe, and nothing kept from the
 * run before. Gives its exit code and what it says on standard output.
 */
export function shareAsKey(key: string, to: string, text: string): { code: number | null; said: string } {
  const home = mkdtempSync(join(run.folder, 'ci-'));
  const env = { PATH: process.env['PATH'], HOME: home, WAXSEAL_KEY: key };
  const client = process.env['WAXSEAL'] || join(dirname(binary()), 'waxseal');
  const { status, stdout } = spawnSync(client, ['share', '--to', to], { env, input: text, encoding: 'utf8' });
  return { code: status, said: stdout.trim() };
}

/** Where this run keeps its logs and its data; workers read it from the environment. */
export const run = {
  get folder(): string {
    return required('WAXSEAL_E2E_FOLDER');
  },
  /** A server that forgets everything: for most tests. */
  get origin(): string {
    return required('WAXSEAL_E2E_ORIGIN');
  },
  /** A server whose database lies on the disk, where a test can reach it. */
  get durableOrigin(): string {
    return required('WAXSEAL_E2E_DURABLE_ORIGIN');
  },
  /** Signs in there as the owner of the demo's organization: whoever takes it first. */
  get signInLink(): string {
    return required('WAXSEAL_E2E_SIGN_IN_LINK');
  },
  /** The members' pages of that server, and the folder into which it puts its mails. */
  get platform(): string {
    return this.durableOrigin.replace(HOST, PLATFORM);
  },
  get mailDir(): string {
    return join(this.dataDir, 'mail');
  },
  get dataDir(): string {
    return join(this.folder, 'data');
  },
  get serverLog(): string {
    return join(this.folder, 'server.log');
  },
};

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is set by the run`);
  return value;
}

/** Playwright runs this before the first test and what it returns after the last one, whatever they came to. */
export default async function start(): Promise<() => Promise<void>> {
  // Ended from outside, a process runs its exit handlers only if it ends itself.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  process.env['WAXSEAL_E2E_FOLDER'] = mkdtempSync(join(tmpdir(), 'waxseal-e2e-'));
  const [forgetful, durable] = await startShape(SHAPES[shape()]);
  process.env['WAXSEAL_E2E_ORIGIN'] = forgetful.origin;
  process.env['WAXSEAL_E2E_DURABLE_ORIGIN'] = durable.origin;
  process.env['WAXSEAL_E2E_SIGN_IN_LINK'] = durable.signInLink ?? '';
  return async () => {
    await Promise.all([...new Set([forgetful, durable])].map((server) => server.stop()));
    rmSync(run.folder, { recursive: true, force: true });
  };
}

/** The server that forgets and the one that keeps: two processes, or one fleet that is both. */
async function startShape(each: number): Promise<[Server, Server]> {
  if (each) {
    const fleet = await startFleet(run.serverLog, run.dataDir, each);
    return [fleet, fleet];
  }
  return [await startServer({ log: run.serverLog }), await startServer({ log: run.serverLog, dataDir: run.dataDir })];
}
