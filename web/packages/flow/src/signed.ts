import { fromB64u, signRequest, toB64u } from '@waxseal/crypto';
import { isProblem, post, type Answer, type Body, type Claim, type Sign } from '@waxseal/api';
import type { Keys } from './store.ts';
import { peek, peekProof, type Visit } from './visit.ts';

export type SignedRoute = 'claim' | 'recover' | 'heartbeat' | 'ack' | 'open' | 'ask' | 'give';
/** A request's own fields; id, device and challenge are the same in all of them. */
export type Fields<R extends SignedRoute> = Omit<Body<R>, 'id' | 'device' | 'challenge'>;

async function signOnce<R extends SignedRoute>(visit: Visit, keys: Keys, route: R, fields: Fields<R>) {
  const challenge = visit.challenge ?? '';
  const { publicKey, privateKey } = keys.device;
  const body = { id: visit.id, ...fields, device: toB64u(publicKey), challenge } as unknown as Body<R>;
  // The signature covers what is sent, which is the sealed body; inside it stands the challenge once more.
  const sign: Sign = (url, body) => signRequest(privateKey, { url, body, challenge: fromB64u(challenge, 40) });
  const answer: Answer<R> = await post(visit.caller, route, body, sign);
  visit.challenge = answer.challenge;
  return answer;
}

/**
 * Sends a signed request. A challenge lives 60 seconds, so a page that was left alone meets `stale-challenge`: it then
 * signs once more over a fresh one.
 */
export async function signed<R extends SignedRoute>(
  visit: Visit,
  keys: Keys,
  route: R,
  fields: Fields<R>,
): Promise<Answer<R>> {
  try {
    return await signOnce(visit, keys, route, fields);
  } catch (error) {
    if (!isProblem(error, 'stale-challenge')) throw error;
    visit.challenge = error.document?.challenge ?? (await peek(visit)).challenge;
    return signOnce(visit, keys, route, fields);
  }
}

/** This device's open claim, or null. Takes nothing, counts nothing. */
export async function recoverClaim(visit: Visit, keys: Keys): Promise<Claim | null> {
  return (await signed(visit, keys, 'recover', await peekProof(visit))).claim;
}
