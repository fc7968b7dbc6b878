import { isProblem, type ReceiptAnswer } from '@waxseal/api';
import { isRefused } from '@waxseal/crypto';
import { openReceipt, type Line, type Receipt } from '@waxseal/flow/receipt';
import { byId, h } from '@waxseal/ui';
import { loading } from '../shell/loading.ts';
import { inTime, startShell } from '../shell/start.ts';
import { lang } from '../shell/words.ts';
import { standing, type StateName } from './model.ts';
import { receiptView } from './view.ts';
import { t } from './words.ts';

const main = byId('main');

function show(state: StateName, ...nodes: Node[]): void {
  main.dataset['state'] = state;
  byId('view').replaceChildren(...nodes);
}

function message(state: StateName, title: string, body: string, retry?: () => void): void {
  const button = h('button', { type: 'button', class: 'button primary', id: 'retry', onclick: retry }, t('retry'));
  show(state, h('h1', { tabindex: '-1' }, title), h('p', { class: 'lead' }, body), ...(retry ? [button] : []));
}

function fail(error: unknown): void {
  const again = () => location.reload();
  if (isRefused(error) || isProblem(error, 'not-available')) {
    message('missing', t('missing.title'), t('missing.body'));
  } else if (isProblem(error, 'no-answer')) message('offline', t('offline.title'), t('offline.body'), again);
  else if (isProblem(error, 'no-channel')) message('no-channel', t('no-channel.title'), t('no-channel.body'), again);
  else if (isProblem(error)) {
    message('error', error.document?.title ?? t('error.title'), error.document?.detail ?? '', again);
  } else throw error;
}

/** Shows a receipt and keeps it current until nothing can change any more. */
async function follow(receipt: Receipt): Promise<void> {
  const first = await receipt.view();
  const update = (view: ReceiptAnswer) => {
    page.update(view);
    main.dataset['state'] = standing(view);
  };
  const act = (work: () => Promise<ReceiptAnswer>) => () => void work().then(update, fail);
  const page = receiptView({ burn: act(receipt.burn), unlock: act(receipt.unlock) });
  show(standing(first), ...page.nodes);
  update(first);
  let line: Line = 'live';
  // The browser knows at once when it is offline; that it is online says nothing about the server.
  const tell = () => page.link(navigator.onLine ? line : 'lost');
  addEventListener('offline', tell);
  addEventListener('online', tell);
  const heard = (now: Line) => {
    line = now;
    tell();
  };
  for await (const view of receipt.follow(heard)) update(view);
}

async function start(): Promise<void> {
  if (!globalThis.crypto?.subtle) return message('unsupported', t('unsupported.title'), t('unsupported.body'));
  show('loading', ...loading(t('loading')));
  try {
    await follow(await openReceipt(location.href, { language: lang }));
  } catch (error) {
    fail(error);
  }
}

void inTime(startShell());
addEventListener('hashchange', () => location.reload());
void start();
