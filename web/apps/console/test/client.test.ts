import { beforeEach, expect, test } from 'vitest';
import { Api, isCode, requestOf } from '../src/api/client.ts';

interface Sent {
  path: string;
  method: string;
  headers: Record<string, string>;
  body: string | null;
}

let sent: Sent[];
let answers: (() => Response)[];
let api: Api;

const json = (body: object, status = 200) => () => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
const problem = (status: number, code: string, headers: Record<string, string> = {}) => () =>
  new Response(JSON.stringify({ code, status, title: 't', detail: 'd', type: 'u' }), { status, headers: { 'Content-Type': 'application/problem+json', ...headers } });
const lost = () => {
  throw new TypeError('connection reset');
};
const failing = (work: Promise<unknown>) => work.then(() => null, (error: unknown) => error);

beforeEach(() => {
  sent = [];
  answers = [];
  let drawn = 0;
  api = new Api({
    language: () => 'ja',
    random: (bytes) => new Uint8Array(bytes).fill(++drawn),
    fetch: (async (path: string, init: RequestInit) => {
      sent.push({ path, method: init.method!, headers: init.headers as Record<string, string>, body: init.body as string | null });
      return answers.shift()!();
    }) as typeof fetch,
  });
});

test('what changes something carries the session’s token, and the reader’s language', async () => {
  answers = [json({ signed_in: true, csrf: 'token' }), json({})];
  await api.session();
  await api.post('/v1/account/password', { password: 'x' });
  expect(sent[1]).toMatchObject({ method: 'POST', body: '{"password":"x"}', headers: { 'X-Waxseal-CSRF': 'token', 'Accept-Language': 'ja' } });
  expect(sent[0]?.headers).not.toHaveProperty('X-Waxseal-CSRF');
});

test('a token that is too old is renewed, and the act done once more', async () => {
  answers = [problem(403, 'csrf'), json({ csrf: 'new' }), json({ ok: true })];
  expect(await api.patch('/v1/account', { name: 'x' })).toEqual({ ok: true });
  expect(sent.map(({ path }) => path)).toEqual(['/v1/account', '/v1/session', '/v1/account']);
  expect(sent[2]?.headers['X-Waxseal-CSRF']).toBe('new');
});

test('an act that wants fresh proof is done when the proof is given, and not without', async () => {
  answers = [problem(403, 'step-up'), json({}), problem(403, 'step-up')];
  api.onStepUp = async () => true;
  await api.delete('/v1/account/totp');
  api.onStepUp = async () => false;
  expect(isCode(await failing(api.delete('/v1/account/totp')), 'step-up')).toBe(true);
  expect(sent).toHaveLength(3);
});

test('what is made keeps its key until the server has answered: asking again makes nothing twice', async () => {
  answers = [lost, json({}), json({})];
  const make = () => api.create('/v1/organizations', { name: 'Acme' });
  expect(isCode(await failing(make()), 'no-answer')).toBe(true);
  await make();
  await make();
  const keys = sent.map(({ headers }) => headers['Idempotency-Key']);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
  expect(keys[0]).toMatch(/^[\w-]{16,64}$/);
});

test('a refusal ends the key, for what is asked next is something else', async () => {
  answers = [problem(422, 'invalid'), json({})];
  await failing(api.create('/v1/organizations', { name: '' }));
  await api.create('/v1/organizations', { name: '' });
  expect(sent[1]?.headers['Idempotency-Key']).not.toBe(sent[0]?.headers['Idempotency-Key']);
});

test('a session that ended is told; a wrong password or code is not the end of one', async () => {
  let told = 0;
  api.onSignedOut = () => told++;
  answers = [problem(401, 'sign-in'), problem(401, 'second-factor'), problem(401, 'signed-out')];
  await failing(api.post('/v1/sign-in/password', {}));
  await failing(api.post('/v1/account/step-up', {}));
  expect(told).toBe(0);
  await failing(api.get('/v1/account'));
  expect(told).toBe(1);
});

test('a fault of the server is quoted by its request, a refusal is not', async () => {
  answers = [problem(500, 'internal', { 'X-Request-Id': 'req_1', 'Retry-After': '3' }), problem(409, 'conflict', { 'X-Request-Id': 'req_2' })];
  const [fault, refusal] = [await failing(api.get('/v1/account')), await failing(api.get('/v1/account'))];
  expect(isCode(fault, 'internal') && [requestOf(fault), fault.retryAfterMs]).toEqual(['req_1', 3_000]);
  expect(isCode(refusal, 'conflict') && requestOf(refusal)).toBeUndefined();
});

test('a proxy’s page is no answer', async () => {
  answers = [() => new Response('<h1>', { status: 502 }), () => new Response('<h1>', { status: 200 })];
  expect(isCode(await failing(api.get('/v1/account')), 'no-answer')).toBe(true);
  expect(isCode(await failing(api.get('/v1/account')), 'no-answer')).toBe(true);
});

test('a query has only what is asked for', async () => {
  answers = [json({ items: [] })];
  await api.get('/v1/x', { state: '', kind: 'one_time', cursor: undefined, limit: 5 });
  expect(sent[0]?.path).toBe('/v1/x?kind=one_time&limit=5');
});
