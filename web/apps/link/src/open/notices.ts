/** What the reader should know before the gesture, shown as `data-notice`. */
export const NOTICES = ['no-storage', 'in-app'] as const;

export type Notice = (typeof NOTICES)[number];

/**
 * Browsers inside other apps, by what they add to their name. They often keep nothing once they are closed. LINE and
 * Yahoo! Japan are there because their users are.
 */
const IN_APP = /\b(FBAN|FBAV|FB_IAB|Instagram|Line\/|YJApp|MicroMessenger|KAKAOTALK|Snapchat|LinkedInApp|Twitter)|; wv\)/;

export function noticesFor(durable: boolean, userAgent: string): Notice[] {
  return NOTICES.filter((notice) => (notice === 'no-storage' ? !durable : IN_APP.test(userAgent)));
}
