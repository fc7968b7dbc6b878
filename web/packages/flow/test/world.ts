import { IDBFactory } from 'fake-indexeddb';
import type { Argon2id, Kind } from '@waxseal/crypto';
import type { Wait } from '@waxseal/api';
import { create } from '../src/create.ts';
import { arrive, claim, peek, type Passphrase, type Shown, type Visit, type World } from '../src/open.ts';
import { ORIGIN, serverDouble, type ServerDouble } from './server.ts';

export const TEXT = '秘密: correct horse';
export const PASSPHRASE = 'open sesame';

/** Stands in for Argon2id, which has its own tests: here only right and wrong matter. */
export const argon2id: Argon2id = async (password, salt) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array([...salt, ...password])));

export const saying = (text: string): Passphrase => ({ text, argon2id });

export interface Scene {
  server: ServerDouble;
  /** The recipient's browser: what its tabs share. */
  browser: Required<Pick<World, 'fetch' | 'indexedDB' | 'wait'>>;
  /** Pauses that were asked for, in milliseconds; none is waited for. */
  pauses: number[];
  link: string;
}

interface SceneRules {
  kind?: Kind;
  passphrase?: string;
  views?: number;
}

/** A server double with one secret, and a browser that never saw it. */
export async function scene({ kind = 'one_time', passphrase, views = 1 }: SceneRules = {}): Promise<Scene> {
  const server = await serverDouble();
  const { link } = await create(
    { origin: ORIGIN, text: TEXT, kind, views, expires: { after_s: 86_400 }, passphrase: passphrase ? saying(passphrase) : null },
    { fetch: server.fetch },
  );
  const pauses: number[] = [];
  const wait: Wait = async (ms, signal) => {
    signal?.throwIfAborted();
    pauses.push(ms);
  };
  return { server, browser: { fetch: server.fetch, indexedDB: new IDBFactory(), wait }, pauses, link };
}

/** One tab: arrives, peeks and presses the button. */
export async function openTab({ browser, link }: Scene, passphrase?: Passphrase): Promise<{ visit: Visit; shown: Shown | null }> {
  const visit = await arrive(link, browser);
  return { visit, shown: await claim(visit, await peek(visit), passphrase) };
}

/** The address after the caller took the fragment away. */
export function stripped(link: string): string {
  return link.split('#')[0]!;
}
