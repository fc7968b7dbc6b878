import type { Page, Route } from '@playwright/test';
import { STATES as HOME_STATES } from '../../apps/link/src/home/model.ts';
import { STATES as OPEN_STATES } from '../../apps/link/src/open/machine.ts';
import { STATES as RECEIPT_STATES } from '../../apps/link/src/receipt/model.ts';
import { clearSiteData, withAuthenticator, type Authenticator } from './authenticator.ts';
import { standBetween } from './between.ts';
import { cut, expectState, hold } from './fixtures.ts';
import { outlive, outwait } from './moments.ts';
import { askFor, bind, guess, open, send, type Sent } from './people.ts';
import { run } from './servers.ts';

/** Brings a fresh page of some language into one state. */
type Reach = (page: Page) => Promise<unknown>;

/** Every state of one page's machine, and how it is reached. */
export interface Walk {
  page: string;
  /** The machine's own list: a state without a case fails the suite. */
  states: readonly string[];
  cases: Record<string, Reach>;
  /** The same states as they look when there is more in them. `state/variant`. */
  variants: Record<string, Reach>;
}

const { origin } = run;
const TEXT = 'Host: db-2.acme.example\nUser: report\nPassword: v7#Qm-tR2!xW9';
const PASSPHRASE = 'wachsweich im Siegel 7';

const go = (link: string): Reach => (page) => page.goto(link);

/** Takes the place of the server's answer. */
async function answer(page: Page, path: string, status: number, body: object): Promise<void> {
  const contentType = status < 400 ? 'application/json' : 'application/problem+json';
  await page.route(`**${path}`, (route: Route) => route.fulfill({ status, contentType, body: JSON.stringify(body) }));
}

/** A proxy that passes on only what it knows. */
async function withoutChannel(page: Page): Promise<void> {
  await page.route('**/v1/channel', (route) => route.fulfill({ status: 404, contentType: 'text/html', body: '<h1>Not here</h1>' }));
}

const FAULT = {
  type: 'urn:waxseal:problem:internal',
  code: 'internal',
  title: 'Our fault',
  detail: 'Something went wrong on our side. Please quote req_01JD when you tell us.',
  status: 500,
};

/** A browser that offers no cryptography, as on a page that is not secure. */
async function withoutCrypto(page: Page): Promise<void> {
  await page.addInitScript(() => Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined }));
}

async function press(page: Page, state: string): Promise<void> {
  await page.locator('#open').click();
  await expectState(page, state);
}

async function shown(page: Page, views = 1): Promise<void> {
  await page.goto((await send({ origin, text: TEXT, views })).link);
  await press(page, 'shown');
}

let lockedOnce: Promise<Sent> | undefined;

/** A locked secret. Locking takes twenty tries and looking changes nothing, so one serves every look. */
function locked(): Promise<Sent> {
  lockedOnce ??= send({ origin: run.durableOrigin, passphrase: PASSPHRASE }).then(async (sent) => {
    await guess(sent.link, 20, () => outwait(sent.link));
    return sent;
  });
  return lockedOnce;
}

const boundLink = async (): Promise<string> => (await send({ origin, text: TEXT, kind: 'device_bound' })).link;

/** The page is the first device of a device-bound secret, and has been confirmed. */
async function keep(page: Page): Promise<string> {
  const link = await boundLink();
  await page.goto(link);
  await press(page, 'shown');
  await settled(page);
  return link;
}

/** The same, when it comes back. */
async function comeBack(page: Page): Promise<string> {
  const link = await keep(page);
  await page.reload();
  await expectState(page, 'bound');
  return link;
}

/** The same with a copy in a passkey. */
async function keepCopy(page: Page): Promise<{ link: string; authenticator: Authenticator }> {
  const authenticator = await withAuthenticator(page);
  const link = await boundLink();
  await page.goto(link);
  await page.locator('#passkey').check();
  await press(page, 'shown');
  await settled(page);
  return { link, authenticator };
}

/** And then the browser forgets everything. */
async function copyLeft(page: Page): Promise<Authenticator> {
  const { link, authenticator } = await keepCopy(page);
  await clearSiteData(page);
  await page.goto(link);
  await expectState(page, 'elsewhere');
  return authenticator;
}

/** Another device asks for what this page keeps. */
async function asked(page: Page): Promise<void> {
  const link = await comeBack(page);
  await askFor(link);
  await page.reload();
  await page.locator('[data-ask]').waitFor();
}

async function claimAgent(page: Page, userAgent: string): Promise<void> {
  await page.addInitScript((value) => Object.defineProperty(navigator, 'userAgent', { value }), userAgent);
}

async function withoutStorage(page: Page): Promise<void> {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    };
  });
}

async function settled(page: Page): Promise<void> {
  await page.locator('#fate:not([data-fate=confirming])').waitFor();
}

const OPEN: Record<(typeof OPEN_STATES)[number], Reach> = {
  loading: async (page) => {
    await hold(page, 'peek');
    await page.goto((await send({ origin })).link);
  },
  ready: async (page) => page.goto((await send({ origin })).link),
  passphrase: async (page) => page.goto((await send({ origin, passphrase: PASSPHRASE })).link),
  'wrong-passphrase': async (page) => {
    const { link } = await send({ origin, passphrase: PASSPHRASE });
    await guess(link, 1);
    await page.goto(link);
  },
  'held-back': async (page) => {
    const { link } = await send({ origin, passphrase: PASSPHRASE });
    await guess(link, 5);
    await page.goto(link);
  },
  opening: async (page) => {
    await page.goto((await send({ origin })).link);
    await hold(page, 'claim');
    await press(page, 'opening');
  },
  shown: async (page) => {
    await shown(page);
    await settled(page);
  },
  recovered: async (page) => {
    const heal = await cut(page, 'ack');
    await shown(page);
    await page.reload();
    await expectState(page, 'recovered');
    await heal();
    await settled(page);
  },
  returned: async (page) => {
    await comeBack(page);
    await page.locator('#again').click();
  },
  bound: async (page) => {
    await comeBack(page);
  },
  elsewhere: async (page) => {
    const link = await boundLink();
    await bind(link, 'computer');
    await page.goto(link);
  },
  asking: async (page) => {
    const link = await boundLink();
    await bind(link, 'computer');
    await page.goto(link);
    await page.locator('#ask').click();
  },
  gave: async (page) => {
    await asked(page);
    await page.locator('[data-give]').click();
    await page.locator('#give-confirm').click();
  },
  forgotten: async (page) => {
    await comeBack(page);
    await page.locator('#forget').click();
    await page.locator('#forget-confirm').click();
  },
  done: async (page) => {
    await shown(page);
    await settled(page);
    await page.locator('#done').click();
  },
  locked: async (page) => page.goto((await locked()).link),
  gone: async (page) => {
    const { link } = await send({ origin });
    await open(link);
    await page.goto(link);
  },
  burned: async (page) => {
    const { link, receipt } = await send({ origin });
    await receipt.burn();
    await page.goto(link);
  },
  expired: async (page) => {
    const { link } = await send({ origin: run.durableOrigin });
    outlive(link);
    await page.goto(link);
  },
  'not-available': async (page) => {
    const { link } = await send({ origin: run.durableOrigin });
    await page.goto(link.replace(run.durableOrigin, origin));
  },
  'damaged-link': go(`${origin}/s/${'A'.repeat(22)}#1${'A'.repeat(20)}`),
  'no-key': async (page) => page.goto((await send({ origin })).link.split('#')[0] ?? ''),
  broken: async (page) => {
    const { link } = await send({ origin });
    await page.goto(`${origin}/`);
    await standBetween(page, 'claim', otherClaim);
    await page.goto(link);
    await press(page, 'broken');
  },
  offline: async (page) => {
    await cut(page, 'peek');
    await page.goto((await send({ origin })).link);
  },
  'no-channel': async (page) => {
    await withoutChannel(page);
    await page.goto((await send({ origin })).link);
  },
  error: async (page) => {
    await answer(page, '/v1/secrets/peek', 500, FAULT);
    await page.goto((await send({ origin })).link);
  },
  unsupported: async (page) => {
    await withoutCrypto(page);
    await page.goto((await send({ origin })).link);
  },
};

/** A claim in the right form whose key opens nothing. */
function otherClaim(): object {
  const bytes = (length: number) => Buffer.alloc(length, 1).toString('base64url');
  const policy = { kind: 'one_time', views: 1, expires: { after_s: 86_400 }, passphrase: null, sealed: 'client' };
  const claim = {
    id: `clm_${bytes(16)}`,
    counter: 0,
    window_ends_at_ms: Date.now() + 600_000,
    header: bytes(55),
    policy: Buffer.from(JSON.stringify(policy)).toString('base64url'),
    wrapped_key: bytes(60),
    content: bytes(1_040),
  };
  return { claim, challenge: bytes(40) };
}

const OPEN_VARIANTS: Record<string, Reach> = {
  'ready/several views': async (page) => page.goto((await send({ origin, views: 12 })).link),
  'ready/no storage': async (page) => {
    await withoutStorage(page);
    await page.goto((await send({ origin })).link);
  },
  'ready/inside an Android app': async (page) => {
    await claimAgent(page, 'Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 Version/4.0 Chrome/130.0 Mobile Safari/537.36 Instagram 380.0');
    await page.goto((await send({ origin })).link);
  },
  'ready/device-bound': async (page) => page.goto(await boundLink()),
  'ready/device-bound, everything to know': async (page) => {
    await claimAgent(page, 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 380.0');
    await withoutStorage(page);
    await page.goto((await send({ origin, kind: 'device_bound', lifetimeS: 2_592_000 })).link);
  },
  'passphrase/device-bound': async (page) => page.goto((await send({ origin, kind: 'device_bound', passphrase: PASSPHRASE })).link),
  'ready/device-bound, with a passkey': async (page) => {
    await withAuthenticator(page);
    await page.goto(await boundLink());
    await page.locator('#passkey').check();
  },
  'ready/device-bound, passkey cancelled': async (page) => {
    const authenticator = await withAuthenticator(page);
    await authenticator.lock();
    await page.goto(await boundLink());
    await page.locator('#passkey').check();
    await page.locator('#open').click();
    await page.locator('#passkey-trouble').waitFor();
  },
  'shown/kept, with a copy': async (page) => {
    await keepCopy(page);
  },
  'bound/with a copy': async (page) => {
    await keepCopy(page);
    await page.reload();
  },
  'elsewhere/to be restored': async (page) => {
    await copyLeft(page);
  },
  'elsewhere/not restored': async (page) => {
    const authenticator = await copyLeft(page);
    await authenticator.lock();
    await page.locator('#restore').click();
    await page.locator('#restore-trouble').waitFor();
  },
  'shown/kept': async (page) => {
    await keep(page);
  },
  'shown/not kept': async (page) => {
    await withoutStorage(page);
    await keep(page);
  },
  'bound/asked': asked,
  'bound/hand over?': async (page) => {
    await asked(page);
    await page.locator('[data-give]').click();
  },
  'bound/remove?': async (page) => {
    await comeBack(page);
    await page.locator('#forget').click();
  },
  'returned/asked and refused': async (page) => {
    await asked(page);
    await page.locator('#again').click();
    await page.locator('[data-refuse]').click();
  },
  'elsewhere/no storage': async (page) => {
    await withoutStorage(page);
    const link = await boundLink();
    await bind(link);
    await page.goto(link);
  },
  'elsewhere/unanswered': async (page) => {
    await page.clock.install();
    const link = await boundLink();
    await bind(link);
    await page.goto(link);
    await page.locator('#ask').click();
    await expectState(page, 'asking');
    await page.clock.runFor('16:00');
    await page.locator('#unanswered').waitFor();
  },
  'gone/being opened elsewhere': async (page) => {
    const { link } = await send({ origin, kind: 'device_bound' });
    await open(link, { confirm: false });
    await page.goto(link);
  },
  'ready/help': async (page) => {
    await page.goto((await send({ origin })).link);
    await page.locator('.help > summary').click();
  },
  'passphrase/empty': async (page) => {
    await page.goto((await send({ origin, passphrase: PASSPHRASE })).link);
    await page.locator('#open').click();
  },
  'shown/hidden': async (page) => {
    await shown(page);
    await settled(page);
    await page.locator('#hide').click();
  },
  'shown/used': async (page) => {
    await shown(page, 3);
    await settled(page);
  },
  'shown/long': async (page) => {
    const text = `${'Zeichenkette'.repeat(30)}\n\n${'とても長い文章です。'.repeat(60)}`;
    await page.goto((await send({ origin, text })).link);
    await press(page, 'shown');
    await settled(page);
  },
  'gone/busy': async (page) => {
    const { link } = await send({ origin });
    await open(link, { confirm: false });
    await page.goto(link);
  },
};

async function filled(page: Page, passphrase = ''): Promise<void> {
  await page.goto('/');
  await page.locator('#text').fill(TEXT);
  await page.locator('#passphrase').fill(passphrase);
  await page.locator('#submit').click();
}

const HOME: Record<(typeof HOME_STATES)[number], Reach> = {
  loading: async (page) => {
    await page.route('**/brand.json', () => {}); // Never answered.
    await page.goto('/', { waitUntil: 'commit' });
  },
  form: go('/'),
  sealing: async (page) => {
    await hold(page, 'create');
    await filled(page);
  },
  failed: async (page) => {
    await answer(page, '/v1/secrets/create', 500, FAULT);
    await filled(page);
  },
  result: (page) => filled(page),
  closed: async (page) => {
    await answer(page, '/brand.json', 200, { organization: 'Acme, Inc.', create: 'closed' });
    await page.goto('/');
  },
  unsupported: async (page) => {
    await withoutCrypto(page);
    await page.goto('/');
  },
};

const HOME_VARIANTS: Record<string, Reach> = {
  'form/generate': async (page) => {
    await page.goto('/');
    await page.locator('.generate > summary').click();
    await page.locator('#generate-passphrase').click();
  },
  'form/device-bound': async (page) => {
    await page.goto('/');
    await page.locator('#kind-device_bound').check();
    await page.locator('#lifetime').selectOption('2592000');
  },
  'failed/no channel': async (page) => {
    await withoutChannel(page);
    await filled(page);
  },
  'result/device-bound': async (page) => {
    await page.goto('/');
    await page.locator('#text').fill(TEXT);
    await page.locator('#kind-device_bound').check();
    await page.locator('#submit').click();
    await expectState(page, 'result');
    await page.locator('details.panel > summary').click();
  },
  'form/faults': async (page) => {
    await page.goto('/');
    await page.locator('#lifetime').selectOption('exact');
    await page.locator('#at').fill('2020-01-01T00:00');
    await page.locator('#views').fill('0');
    await page.locator('#submit').click();
  },
  'result/everything': async (page) => {
    await filled(page, PASSPHRASE);
    await expectState(page, 'result');
    await page.locator('#qr').click();
    await page.locator('details.panel > summary').click();
    await page.locator('.button.primary.copy').click();
  },
};

const RECEIPT: Record<(typeof RECEIPT_STATES)[number], Reach> = {
  loading: async (page) => {
    await hold(page, 'receipt');
    await hold(page, 'status');
    await page.goto((await send({ origin })).receiptLink);
  },
  ready: async (page) => page.goto((await send({ origin })).receiptLink),
  partly: async (page) => {
    const { link, receiptLink } = await send({ origin, views: 5 });
    await open(link);
    await open(link, { device: 'computer', confirm: false });
    await page.goto(receiptLink);
  },
  draining: async (page) => {
    const { link, receiptLink } = await send({ origin });
    await open(link, { confirm: false });
    await page.goto(receiptLink);
  },
  bound: async (page) => {
    const { link, receiptLink } = await send({ origin, kind: 'device_bound' });
    const phone = await bind(link);
    await phone.text();
    await page.goto(receiptLink);
  },
  locked: async (page) => page.goto((await locked()).receiptLink),
  destroyed: async (page) => {
    const { link, receiptLink } = await send({ origin });
    await open(link);
    await page.goto(receiptLink);
  },
  burned: async (page) => {
    const { receipt, receiptLink } = await send({ origin });
    await receipt.burn();
    await page.goto(receiptLink);
  },
  expired: async (page) => {
    const { link, receiptLink } = await send({ origin: run.durableOrigin });
    outlive(link);
    await page.goto(receiptLink);
  },
  missing: go(`${origin}/r/${'A'.repeat(22)}#${'A'.repeat(20)}`),
  offline: async (page) => {
    await cut(page, 'receipt');
    await cut(page, 'status');
    await page.goto((await send({ origin })).receiptLink);
  },
  'no-channel': async (page) => {
    await withoutChannel(page);
    await page.goto((await send({ origin })).receiptLink);
  },
  error: async (page) => {
    await answer(page, '/v1/secrets/receipt', 500, FAULT);
    await answer(page, '/v1/secrets/status', 500, FAULT);
    await page.goto((await send({ origin })).receiptLink);
  },
  unsupported: async (page) => {
    await withoutCrypto(page);
    await page.goto((await send({ origin })).receiptLink);
  },
};

const RECEIPT_VARIANTS: Record<string, Reach> = {
  'bound/handed over': async (page) => {
    const { link, receiptLink } = await send({ origin, kind: 'device_bound' });
    const first = await bind(link);
    await first.text();
    const second = await askFor(link, 'computer');
    await first.giveAway();
    await second.text();
    await page.goto(receiptLink);
  },
  'ready/burn?': async (page) => {
    await page.goto((await send({ origin })).receiptLink);
    await page.locator('#burn').click();
  },
  'ready/wrong passphrases': async (page) => {
    const { link, receiptLink } = await send({ origin, passphrase: PASSPHRASE });
    await guess(link, 3);
    await page.goto(receiptLink);
  },
};

export const WALKS: Walk[] = [
  { page: 'open', states: OPEN_STATES, cases: OPEN, variants: OPEN_VARIANTS },
  { page: 'home', states: HOME_STATES, cases: HOME, variants: HOME_VARIANTS },
  { page: 'receipt', states: RECEIPT_STATES, cases: RECEIPT, variants: RECEIPT_VARIANTS },
];

/** Changes the theme of a page, and waits until its colours have. */
export async function paint(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(async () => {
    await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
}

/** Reaches one of a walk's cases and waits until it is there. */
export async function reach(page: Page, { cases, variants }: Walk, name: string): Promise<void> {
  await (cases[name] ?? variants[name])?.(page);
  await expectState(page, name.split('/')[0] ?? name);
}
