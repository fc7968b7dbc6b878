import type { Opening, PeekAnswer } from '@waxseal/api';
import { h, type Child } from '@waxseal/ui';
import { say } from '../../shell/words.ts';
import type { OnScreen, State } from '../machine.ts';
import type { Asking as Gesture, Wording } from '../ready.ts';
import type { Staying } from '../shown.ts';
import { page, type Around, type View } from '../view.ts';
import { askPanel, digits } from './asks.ts';
import { confirmation } from './confirm.ts';
import { lead, notYou } from './ended.ts';
import { again as showAgain, ask as askFor, forget as forgetKeys, stopAsking } from './gestures.ts';
import { countdown } from './held.ts';
import { copyNotice, hasCopy, restoring } from './passkey.ts';
import { t } from './words.ts';

/** The opening that has the secret now: the last one that did not hand it over. */
function holder({ openings }: PeekAnswer): Opening | undefined {
  return openings.findLast(({ state }) => state !== 'handed');
}

const whenAndWhere = (look: PeekAnswer) => {
  const { at_ms, device } = holder(look) ?? { at_ms: look.created_at_ms, device: 'unknown' as const };
  return { time: say.time(at_ms), device: t(`device.${device}`) };
};

/** How a device-bound secret presents itself before the first device has it. */
export function boundWording({ look }: Gesture): Wording {
  return {
    lead: t('bound.lead', { time: say.time(look.expires_at_ms) }),
    moment: t('bound.moment'),
    button: t('bound.button'),
    views: t('bound.views'),
  };
}

/** Kept on this device, and not on the screen. */
export function boundView({ look }: Extract<State, { name: 'bound' }>, around: Around): View {
  const asks = askPanel(around.actions);
  asks.update(look.bound?.asks ?? []);
  const again = h('button', { type: 'button', class: 'button primary wide', id: 'again', onclick: () => around.actions.use(showAgain) }, t('kept.button'));
  const copied = hasCopy(look, around);
  return {
    ...page(
      t('kept.title'),
      lead(copied ? 'kept.body.copied' : 'kept.body', { time: say.time(look.expires_at_ms) }),
      copied && copyNotice(),
      asks.node,
      again,
      h('dl', { class: 'facts ruled' }, ...row(t('kept.opened'), whenAndWhere(look).time), ...expiry(look)),
      removal(around, copied),
    ),
    update: (now) => now.name === 'bound' && asks.update(now.look.bound?.asks ?? []),
  };
}

/** What is beside a text that stays on this device. */
export function staying(state: OnScreen, around: Around): Staying {
  const asks = askPanel(around.actions);
  const storage = h('p', { class: 'muted small' });
  const copy = copyNotice();
  const after = h('div', { class: 'stack' }, storage, copy, removal(around, hasCopy(state.look, around)));
  const time = say.time(state.look.expires_at_ms);
  return {
    before: asks.node,
    after,
    done: t('kept.done'),
    says: (fate) => t(fate === 'kept' && around.copied ? 'shown.kept.copied' : `shown.${fate}`, { time }),
    update: (now) => {
      asks.update(now.look.bound?.asks ?? []);
      const copied = hasCopy(now.look, around);
      copy.hidden = !copied;
      storage.textContent = t(copied ? 'kept.return' : around.persisted ? 'kept.storage.promised' : 'kept.storage');
      after.hidden = now.fate !== 'kept';
    },
  };
}

function removal({ actions }: Around, copied: boolean): HTMLElement {
  const go = () => actions.use(forgetKeys);
  const forget = confirmation('forget', {}, go, copied ? 'forget.body.copied' : 'forget.body');
  return h(
    'div',
    { class: 'actions center-actions' },
    h('button', { type: 'button', class: 'button quiet', id: 'forget', onclick: forget.open }, t('forget.button')),
    forget.dialog,
  );
}

/** It belongs to another device, or to this one before its key was deleted: nobody can tell the two apart. */
export function elsewhereView({ look, unanswered }: Extract<State, { name: 'elsewhere' }>, around: Around): View {
  const there = whenAndWhere(look);
  const ask = h('button', { type: 'button', class: 'button', id: 'ask', onclick: () => around.actions.use(askFor) }, t('ask.button'));
  return page(
    t('elsewhere.title'),
    lead('elsewhere.body', there),
    unanswered && h('p', { class: 'notice warn', role: 'status', id: 'unanswered' }, t('ask.unanswered')),
    h('dl', { class: 'facts ruled' }, ...expiry(look)),
    section(t('elsewhere.mine.title'), t('elsewhere.mine.body'), around.durable ? ask : h('p', { class: 'notice warn' }, t('ask.no-storage'))),
    look.copy ? restoration(look.copy, around) : section(t('elsewhere.cleared.title'), t('elsewhere.cleared.body')),
    notYou(),
  );
}

function restoration(copy: string, around: Around): HTMLElement {
  const { body, nodes } = restoring(copy, around);
  return section(t('restore.title'), body, ...nodes);
}

function section(title: string, body: string, ...rest: Child[]): HTMLElement {
  return h('section', { class: 'part' }, h('h2', {}, title), h('p', {}, body), ...rest);
}

/** This device asks, and waits beside its digits. */
export function askingView({ look, code, untilMs }: Extract<State, { name: 'asking' }>, { actions }: Around): View {
  const left = h('strong', { class: 'countdown small-countdown', role: 'timer' });
  const stop = countdown(left, untilMs, () => {});
  return {
    ...page(
      t('asking.title'),
      lead('asking.body', whenAndWhere(look)),
      digits(code),
      h('p', { class: 'center', role: 'status' }, t('asking.compare')),
      h('p', { class: 'muted small center' }, t('asking.ends'), ' ', left),
      h('button', { type: 'button', class: 'button', id: 'stop-asking', onclick: () => actions.use(stopAsking) }, t('asking.stop')),
    ),
    update: () => {},
    leave: stop,
  };
}

function row(name: string, value: string): Child[] {
  return [h('dt', {}, name), h('dd', {}, value)];
}

const expiry = (look: PeekAnswer) => row(t('kept.until'), t('moment', say.moment(look.expires_at_ms, Date.now())));
