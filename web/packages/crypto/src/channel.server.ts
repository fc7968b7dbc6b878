import { answerKey, CHANNEL_TYPE, channelAad, channelInfo, pad, recordParams, unpad, type ChannelKey } from './channel.ts';
import { concat, ensure, equal, fromUtf8, lp, toB64u, Refused, u32be, utf8, type Bytes } from './encoding.ts';
import { suite } from './hpke.ts';
import { label, sha256 } from './keys.ts';

/** The server's side of one request. */
export interface OpenedRequest {
  body: string;
  /** Begins an answer; what it returns seals one record after the other, the first of them with the answer's head. */
  answer(random?: Bytes): Promise<(text: string) => Promise<Bytes>>;
}

/** The server's side of a channel. Browsers never load it; vectors and server doubles do. */
export interface ChannelServer {
  key: ChannelKey;
  /** The answer of `GET /v1/channel`. Its signature is of zeros: browsers do not look at it. */
  view: { config: string; signature: string; host_key: string };
  /** Opens a request to `path`, or refuses with `channel`. */
  open(path: string, request: Bytes): Promise<OpenedRequest>;
}

export async function channelServer(host: string, pair?: CryptoKeyPair): Promise<ChannelServer> {
  const keys = pair ?? (await suite.kem.generateKeyPair());
  const publicKey = new Uint8Array(await suite.kem.serializePublicKey(keys.publicKey));
  const key: ChannelKey = { id: (await sha256(publicKey)).slice(0, 8), publicKey, host };
  const config = concat(lp(label('channel-config')), lp(utf8(host)), key.id, publicKey, new Uint8Array(16));
  const [signature, host_key] = [toB64u(new Uint8Array(64)), toB64u(new Uint8Array(32))];
  return { key, view: { config: toB64u(config), signature, host_key }, open: (...request) => openRequest(keys, key, ...request) };
}

async function openRequest(pair: CryptoKeyPair, key: ChannelKey, path: string, request: Bytes): Promise<OpenedRequest> {
  ensure(equal(request.slice(0, 8), key.id), 'channel');
  const enc = request.slice(8, 73);
  try {
    const context = await suite.createRecipientContext({ recipientKey: pair, enc, info: channelInfo(key) });
    const plaintext = await context.open(request.slice(73), channelAad(path));
    const secret = new Uint8Array(await context.export(label('channel-answer'), 16));
    return { body: fromUtf8(unpad(new Uint8Array(plaintext))), answer: (random) => sealAnswer({ enc, secret }, random) };
  } catch {
    throw new Refused('channel');
  }
}

async function sealAnswer(
  sealed: { enc: Bytes; secret: Bytes },
  random: Bytes = crypto.getRandomValues(new Uint8Array(16)),
): Promise<(text: string) => Promise<Bytes>> {
  const key = await answerKey(sealed, random);
  let number = 0;
  return async (text) => {
    const head = number === 0 ? random : new Uint8Array(0);
    const record = await crypto.subtle.encrypt(recordParams(key, number++), key.key, pad(utf8(text)));
    return concat(head, u32be(record.byteLength), new Uint8Array(record));
  };
}

/** What a route of a double answers to an opened body. `request` has the headers; its body is still sealed. */
export type Answering = (body: string, request: Request, sealed: Bytes) => Response | Promise<Response>;

/** A `fetch` to a double: its routes see what was sealed, and the world sees the sealed side. */
export function fetchFrom(server: () => ChannelServer, answering: Answering): typeof fetch {
  return async (input, init) => {
    if (!init?.method) return Response.json(server().view);
    // Node's Request refuses the browser's cache and referrer settings only in part; a double needs none of them.
    const { method, body: sent, headers: named, signal = null } = init;
    const request = new Request(input, { method, body: sent!, headers: named!, signal });
    const sealed = new Uint8Array(await request.arrayBuffer());
    const opened = await server().open(new URL(request.url).pathname, sealed).catch(() => null);
    if (!opened) return channelKeyProblem(server());
    const { status, headers, body } = await answering(opened.body, request, sealed);
    const seal = await opened.answer();
    const record = async (bytes?: Bytes) => seal(new TextDecoder().decode(bytes));
    const records = new TransformStream<Bytes, Bytes>({
      transform: async (chunk, controller) => controller.enqueue(await record(chunk)),
    });
    const wait = headers.get('Retry-After');
    return new Response(body ? body.pipeThrough(records) : await record(), {
      status,
      headers: { 'Content-Type': CHANNEL_TYPE, ...(wait && { 'Retry-After': wait }) },
    });
  };
}

function channelKeyProblem({ view }: ChannelServer): Response {
  const document = { type: 'urn:waxseal:problem:channel-key', code: 'channel-key', title: '', detail: '', status: 400, channel: view };
  return new Response(JSON.stringify(document), { status: 400, headers: { 'Content-Type': 'application/problem+json' } });
}
