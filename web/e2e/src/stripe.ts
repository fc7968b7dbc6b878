import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { example } from './servers.ts';

/** A Stripe of a test's own, with pages that a person can click: `crates/testkit/examples/stripe.rs`. */
export interface Stripe {
  url: string;
  key: string;
  /** Pulls a lever of `crates/testkit/src/stripe/control.rs`. */
  pull<Answer = object>(lever: string, how?: object): Promise<Answer>;
  /** Everything that it knows, as its API shows it. */
  books(): Promise<Books>;
  stop(): void;
}

interface Books {
  customers: { id: string }[];
  subscriptions: { status: string }[];
  invoices: { status: string }[];
}

/** What is sold: a lookup key, how often it is paid, and amounts by currency, the first of which is its own. */
export type Price = readonly [lookupKey: string, interval: 'month' | 'year', amounts: Readonly<Record<string, number>>];

export async function startStripe(product: string, prices: readonly Price[]): Promise<Stripe> {
  const child = spawn(example('stripe'), { stdio: ['pipe', 'pipe', 'inherit'] });
  const killNow = () => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const { value, done } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (done) throw new Error('the scripted Stripe has ended; is the example "stripe" of wax-testkit built?');
  const { url, key } = JSON.parse(value) as { url: string; key: string };
  const ask = async (lever: string, init?: RequestInit): Promise<unknown> => {
    const answer = await fetch(`${url}/__control/${lever}`, init);
    if (!answer.ok) throw new Error(`${lever}: ${await answer.text()}`);
    return answer.json();
  };
  const pull = <Answer>(lever: string, how: object = {}) => ask(lever, { method: 'POST', body: JSON.stringify(how) }) as Promise<Answer>;
  for (const [lookup_key, interval, amounts] of prices) await pull('price', { product, lookup_key, interval, amounts });
  return {
    url,
    key,
    pull,
    books: async () => ((await ask('state')) as { books: Books }).books,
    stop: () => {
      process.off('exit', killNow);
      child.kill();
    },
  };
}
