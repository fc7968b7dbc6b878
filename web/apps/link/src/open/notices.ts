import type { PeekAnswer } from '@waxseal/api';

/** What the reader should know before the gesture, shown as `data-notice`. */
export const NOTICES = ['no-storage', 'in-app', 'seven-days'] as const;

export type Notice = (typeof NOTICES)[number];

/**
 * Browsers inside other apps, by what they add to their name. They often keep nothing once they are closed. LINE and
 * Yahoo! Japan are there because their users are.
 */
const IN_APP =
  /\b(FBAN|FBAV|FB_IAB|Instagram|Line\/|YJApp|MicroMessenger|KAKAOTALK|Snapchat|LinkedInApp|Twitter|Slack|Teams|BytedanceWebview|GSA\/)|; wv\)/;

/** A WebKit view on an iPhone or iPad that is no browser: every browser there names itself and Safari. */
const IOS_VIEW = /\((iPhone|iPad|iPod)(?!.*Safari\/)/;

/** WebKit deletes what a page stored after 7 days without a visit. All browsers on iPhone and iPad are WebKit. */
const WEBKIT = /AppleWebKit(?!.*(Chrome|Chromium)\/)/;
const SEVEN_DAYS_MS = 604_800_000;

export function isInApp(userAgent: string): boolean {
  return IN_APP.test(userAgent) || IOS_VIEW.test(userAgent);
}

export function noticesFor(durable: boolean, userAgent: string, look: PeekAnswer, nowMs: number): Notice[] {
  const holds: Record<Notice, boolean> = {
    'no-storage': !durable,
    'in-app': isInApp(userAgent),
    'seven-days': look.kind === 'device_bound' && look.expires_at_ms - nowMs > SEVEN_DAYS_MS && WEBKIT.test(userAgent),
  };
  return NOTICES.filter((notice) => holds[notice]);
}

/**
 * The address that makes Android open this page in a browser instead of the app's view; null where there is none. An
 * intent's own fragment is the last one, so the link's stays part of its address.
 */
export function intentFor(href: string, userAgent: string): string | null {
  if (!/Android/.test(userAgent) || !isInApp(userAgent)) return null;
  const [scheme, rest] = href.split('://');
  return `intent://${rest}#Intent;scheme=${scheme};action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end`;
}
