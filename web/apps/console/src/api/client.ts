import { isProblem, Problem } from '@waxseal/api';
import type { SessionAnswer } from './types.ts';

/** Codes of `docs/accounts.md` beside those of the protocol. */
export type AccountsCode =
  | 'sign-in'
  | 'second-factor'
  | 'signed-out'
  | 'csrf'
  | 'step-up'
  | 'forbidden'
  | 'other-device'
  | 'last-owner'
  | 'last-way-in'
  | 'weak-password';

/** Whether an error is a problem with this code. */
export function isCode(error: unknown, ...codes: (AccountsCode | Problem['code'])[]): error is Problem {
  return isProblem(error) && (codes as string[]).includes(error.code);
}

export interface World {
  fetch: typeof globalThis.fetch;
  /** The page's language, which the person may have chosen against the browser's. */
  language: () => string;
  random?: (bytes: number) => Uint8Array<ArrayBuffer>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Query = Readonly<Record<string, string | number | undefined>>;

interface Sent {
  body?: object | undefined;
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 30_000;

/** The requests of the console: same origin, with the session's cookie and the token that says they are ours. */
export class Api {
  /** Told when the server no longer knows the session that this page began with. */
  onSignedOut: () => void = () => {};
  /** Told when an act wants fresh proof; resolves to whether it was given. */
  onStepUp: () => Promise<boolean> = () => Promise.resolve(false);
  readonly #world: World;
  #csrf = '';
  /** Keys of acts whose outcome nobody knows: the same act again is the same request. */
  readonly #open = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Who is signed in. Every later request proves by its token that it comes from this page. */
  async session(): Promise<SessionAnswer> {
    const session = await this.#request<SessionAnswer>('GET', '/v1/session');
    this.#csrf = session.csrf;
    return session;
  }

  get<Answer>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return this.#act('GET', search ? `${path}?${search}` : path, { signal });
  }

  post<Answer = object>(path: string, body: object = {}): Promise<Answer> {
    return this.#act('POST', path, { body });
  }

  patch<Answer = object>(path: string, body: object): Promise<Answer> {
    return this.#act('PATCH', path, { body });
  }

  put<Answer = object>(path: string, body: object): Promise<Answer> {
    return this.#act('PUT', path, { body });
  }

  delete<Answer = void>(path: string, body?: object): Promise<Answer> {
    return this.#act('DELETE', path, { body });
  }

  /** Makes something once, however often it is asked for until the server has answered. */
  async create<Answer>(path: string, body: object): Promise<Answer> {
    const act = `${path} ${JSON.stringify(body)}`;
    const idempotencyKey = this.#open.get(act) ?? this.#draw();
    this.#open.set(act, idempotencyKey);
    try {
      const answer = await this.#act<Answer>('POST', path, { body, idempotencyKey });
      this.#open.delete(act);
      return answer;
    } catch (error) {
      if (!isCode(error, 'no-answer', 'unavailable')) this.#open.delete(act);
      throw error;
    }
  }

  /** A request, and once more where the first answer says what was missing: a token of today, or fresh proof. */
  async #act<Answer>(method: Method, path: string, sent: Sent): Promise<Answer> {
    try {
      return await this.#request<Answer>(method, path, sent);
    } catch (error) {
      if (isCode(error, 'csrf')) await this.session();
      else if (!isCode(error, 'step-up') || !(await this.onStepUp())) throw this.#noticed(error);
    }
    return this.#request<Answer>(method, path, sent);
  }

  #noticed(error: unknown): unknown {
    if (isCode(error, 'signed-out')) this.onSignedOut();
    return error;
  }

  async #request<Answer>(method: Method, path: string, sent: Sent = {}): Promise<Answer> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await this.#fetch(method, path, sent, timeout).catch((error: unknown) => {
      sent.signal?.throwIfAborted();
      throw error instanceof TypeError || timeout.aborted ? new Problem(null) : error;
    });
    if (!response.ok) throw await problemOf(response);
    if (response.status === 204) return undefined as Answer;
    return (await response.json().catch(() => Promise.reject(new Problem(null)))) as Answer;
  }

  #fetch(method: Method, path: string, { body, idempotencyKey, signal }: Sent, timeout: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': this.#world.language() };
    if (body) headers['Content-Type'] = 'application/json';
    if (method !== 'GET') headers['X-Waxseal-CSRF'] = this.#csrf;
    if (idempotencyKey) headers['Idempotency-Key'] = idempotencyKey;
    return this.#world.fetch(path, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
      cache: 'no-store',
      credentials: 'same-origin',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: signal ?? timeout,
    });
  }

  /** 16 random bytes in 32 hexadecimal digits, which are base64url, too. */
  #draw(): string {
    const { random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) } = this.#world;
    return [...random(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

const REQUESTS = new WeakMap<Problem, string>();

/** The request's id, where the fault is the server's: what its log calls what happened. */
export const requestOf = (problem: Problem): string | undefined => REQUESTS.get(problem);

/** The problem that an answer tells; without one that we can read, nobody knows what happened. */
async function problemOf(response: Response): Promise<Problem> {
  const wait = Number(response.headers.get('Retry-After')) * 1_000 || null;
  const readable = response.headers.get('Content-Type')?.startsWith('application/problem+json');
  const document = readable ? ((await response.json().catch(() => null)) as Problem['document']) : null;
  const problem = new Problem(document?.code ? document : null, wait);
  const request = response.headers.get('X-Request-Id');
  if (request && response.status >= 500) REQUESTS.set(problem, request);
  return problem;
}
