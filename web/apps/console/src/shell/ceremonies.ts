import type { Api } from '../api/client.ts';
import type { Ceremony } from '../api/types.ts';
import { declined, makePasskey, usePasskey, type Declined } from './passkeys.ts';

/** What the server is told: the ceremony that it began, and what the authenticator made of it. */
export interface Proof {
  ceremony: string;
  credential: object;
}

/** Where a passkey is shown: to sign in, or to prove oneself again. */
export type Proving = '/v1/sign-in/passkey' | '/v1/account/step-up/passkey';

/** The person's answer, or why there is none. */
async function ask(ceremony: Ceremony, answer: (ceremony: Ceremony) => Promise<object>): Promise<Proof | Declined> {
  try {
    return { ceremony: ceremony.ceremony, credential: await answer(ceremony) };
  } catch (error) {
    const why = declined(error);
    if (why) return why;
    throw error;
  }
}

/** Asks for a passkey: `offered`, where an address is typed, until it is aborted; else by the browser's own question. */
export async function askPasskey(api: Api, path: Proving, offered?: AbortSignal): Promise<Proof | Declined> {
  const started = await api.post<Ceremony>(`${path}/start`);
  return ask(started, (ceremony) => usePasskey(ceremony, offered));
}

/** Asks for a passkey and shows it to the server. Gives why it was not shown, or null. */
export async function showPasskey(api: Api, path: Proving): Promise<Declined | null> {
  const proof = await askPasskey(api, path);
  if (typeof proof === 'string') return proof;
  await api.post(`${path}/finish`, proof);
  return null;
}

/** Makes a passkey and gives it to the server. Gives why there is none, or null. */
export async function addPasskey(api: Api, name: string): Promise<Declined | null> {
  const proof = await ask(await api.post<Ceremony>('/v1/account/passkeys/start'), makePasskey);
  if (typeof proof === 'string') return proof;
  await api.post('/v1/account/passkeys/finish', { ...proof, name });
  return null;
}

/** The server waits 5 minutes for an answer; an offer that stands longer is made anew. */
const OFFER_MS = 4 * 60_000;

/**
 * Offers passkeys where an address is typed, until one is chosen or the page has another question. Nobody asked for an
 * offer: one that cannot be made is no news.
 */
export async function chosenPasskey(api: Api, stop: AbortSignal): Promise<Proof | null> {
  while (!stop.aborted) {
    const turn = new AbortController();
    const end = () => turn.abort();
    const timer = setTimeout(end, OFFER_MS);
    stop.addEventListener('abort', end);
    const proof = await askPasskey(api, '/v1/sign-in/passkey', turn.signal).catch(() => null);
    clearTimeout(timer);
    stop.removeEventListener('abort', end);
    if (proof && typeof proof !== 'string') return proof;
    if (!turn.signal.aborted) return null;
  }
  return null;
}
