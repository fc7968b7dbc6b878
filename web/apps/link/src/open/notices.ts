import type { PeekAnswer } from '@waxseal/api';

/** What the reader should know before the gesture, shown as `data-notice`; the last one of a device-bound secret only. */
export type Notice = 'no-storage' | 'in-app' | 'seven-days';

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

/** What holds for a secret of any kind. */
export function noticesFor(durable: boolean, userAgent: string): Notice[] {
  const notices: Notice[] = durable ? [] : ['no-storage'];
  return isInApp(userAgent) ? [...notices, 'in-app'] : notices;
}

/** What holds for a device-bound secret beside. */
export function boundNotices(userAgent: string, { kind, expires_at_ms }: PeekAnswer, nowMs: number): Notice[] {
  const outlives = kind === 'device_bound' && expires_at_ms - nowMs > SEVEN_DAYS_MS;
  return outlives && WEBKIT.test(userAgent) ? ['seven-days'] : [];
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
