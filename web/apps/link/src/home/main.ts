import { isProblem } from '@waxseal/api';
import { argon2InWorker } from '@waxseal/crypto';
import { create } from '@waxseal/flow/create';
import { byId, h } from '@waxseal/ui';
import { startArgon2 } from '../shell/argon2.ts';
import { PLAIN, type Brand } from '../shell/brand.ts';
import { loading } from '../shell/loading.ts';
import { inTime, startShell } from '../shell/start.ts';
import { lang, say } from '../shell/words.ts';
import { aside } from './aside.ts';
import { createForm, type CreateForm } from './form.ts';
import type { Order, StateName } from './model.ts';
import { resultView } from './result.ts';
import { t } from './words.ts';

/** Whether leaving would lose something; each state says how it knows. */
let losing: () => boolean = () => false;

function show(state: StateName, ...nodes: Node[]): void {
  byId('main').dataset['state'] = state;
  byId('view').replaceChildren(...nodes);
}

function showForm(brand: Brand): void {
  const form = createForm(brand, (order) => void sealing(order, form, brand));
  losing = form.dirty;
  const intro = h('div', { class: 'intro' }, h('h1', { tabindex: '-1' }, t('title')), h('p', { class: 'lead' }, t('intro')));
  show('form', h('div', { class: 'work' }, intro, form.node), aside());
}

async function sealing(order: Order, form: CreateForm, brand: Brand): Promise<void> {
  const main = byId('main');
  const button = form.node.querySelector<HTMLButtonElement>('#submit');
  if (!button || main.dataset['state'] === 'sealing') return;
  const tell = progress(form, button);
  main.dataset['state'] = 'sealing';
  try {
    const { text, kind, views, expires, passphrase } = order;
    tell(t(passphrase === null ? 'sealing.store' : 'sealing.stretch'));
    const secured = passphrase === null ? null : { text: passphrase, argon2id: argon2InWorker(startArgon2) };
    const created = await create({ origin: location.origin, text, kind, views, expires, passphrase: secured }, { language: lang });
    const result = resultView(created, order, brand, () => {
      showForm(brand);
      byId('text').focus();
    });
    losing = () => true;
    show('result', result);
    result.querySelector('h1')?.focus();
  } catch (error) {
    main.dataset['state'] = 'failed';
    fail(form, error);
  } finally {
    button.disabled = false;
    button.textContent = t('submit');
  }
}

function progress(form: CreateForm, button: HTMLButtonElement): (words: string) => void {
  form.node.querySelector('#failed')?.remove();
  button.disabled = true;
  button.textContent = t('sealing.title');
  const status = form.node.querySelector('#sealing') ?? h('p', { class: 'hint center', role: 'status', id: 'sealing' });
  button.after(status);
  return (words) => {
    status.textContent = words;
  };
}

/** Everything that was typed stays: the person can try again or copy it. */
function fail(form: CreateForm, error: unknown): void {
  form.node.querySelector('#sealing')?.remove();
  const problem = isProblem(error) ? error : null;
  const local = problem?.code === 'no-answer' ? 'offline' : problem?.code === 'no-channel' ? 'no-channel' : null;
  const wait = problem?.retryAfterMs;
  const notice = h(
    'div',
    { class: 'notice bad', role: 'alert', id: 'failed' },
    h('strong', {}, local ? t(`${local}.title`) : (problem?.document?.title ?? t('error.title'))),
    local ? t(`${local}.body`) : problem?.document?.detail,
    wait ? ` ${t('error.again', { time: say.duration(wait) })}` : null,
  );
  form.node.querySelector('#submit')?.before(notice);
}

function showClosed({ organization }: Brand): void {
  const body = t('closed.body', { organization });
  show('closed', h('div', { class: 'card stack' }, h('h1', {}, t('closed.title')), h('p', { class: 'lead' }, body)));
}

function showFirst(brand: Brand): void {
  if (brand.create === 'closed') showClosed(brand);
  else showForm(brand);
}

/** A brand that came late may change the form only while nobody has begun to fill it in. */
function showLate(brand: Brand): void {
  const touched = losing() || byId('view').contains(document.activeElement);
  if (byId('main').dataset['state'] === 'form' && !touched) showFirst(brand);
}

async function start(): Promise<void> {
  const branded = startShell();
  if (!globalThis.crypto?.subtle) {
    const words = [h('h1', {}, t('unsupported.title')), h('p', {}, t('unsupported.body'))];
    return show('unsupported', h('div', { class: 'card stack' }, ...words));
  }
  show('loading', ...loading(t('loading')));
  const brand = await inTime(branded);
  showFirst(brand);
  if (brand === PLAIN) showLate(await branded);
}

addEventListener('beforeunload', (event) => losing() && event.preventDefault());
void start();
