import { channelServer, fetchFrom, type Answering } from '@waxseal/crypto/channel-server';
import { openChannel, type Channel } from '../src/channel.ts';
import type { Caller } from '../src/client.ts';

export const ORIGIN = 'https://secrets.example.com';
export const HOST = 'secrets.example.com';

/** A caller of a double whose routes answer like this, inside the channel. */
export async function callerOf(answering: Answering, more: Partial<Caller> = {}): Promise<Caller & { fetch: typeof fetch }> {
  const server = await channelServer(HOST);
  const fetch = fetchFrom(() => server, answering);
  return { origin: ORIGIN, fetch, channel: openChannel(ORIGIN, fetch), ...more } as Caller & { fetch: typeof fetch };
}

/** A channel that works, for callers whose requests get no answer from it. */
export async function anyChannel(): Promise<Channel> {
  return (await callerOf(() => Response.json({}))).channel;
}
