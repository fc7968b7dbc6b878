import { h } from '@waxseal/ui';
import { say } from '../../shell/words.ts';
import type { Around } from '../view.ts';
import { t } from './words.ts';

/** How long wrong passphrases keep the next try waiting. */
export function heldBack(untilMs: number, { actions }: Around) {
  const left = h('strong', { class: 'countdown', 'aria-hidden': 'true' });
  const node = h(
    'div',
    { class: 'notice warn', role: 'status' },
    h('strong', {}, t('held.title')),
    h('p', {}, t('held.body', { time: say.duration(Math.max(60_000, untilMs - Date.now())) })),
    left,
  );
  return { node, stop: countdown(left, untilMs, actions.retry) };
}

/** Counts down on the screen, and does something at the end; gives what stops it. */
export function countdown(place: HTMLElement, untilMs: number, end: () => void): () => void {
  const tick = () => {
    place.textContent = say.countdown(untilMs - Date.now());
    if (Date.now() >= untilMs) end();
  };
  tick();
  const timer = setInterval(tick, 1_000);
  return () => clearInterval(timer);
}
