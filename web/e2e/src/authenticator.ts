import type { Page } from '@playwright/test';

/** What keeps a person's passkeys: the phone or computer itself, behind a fingerprint. */
export interface Authenticator {
  /** How many passkeys it has. */
  count(): Promise<number>;
  /** Whether the person agrees from now on. Who does not is never told apart from who presses "cancel". */
  agree(agrees: boolean): Promise<void>;
}

/** Gives this page's browser an authenticator of its own. It stays while the page visits other addresses. */
export async function withAuthenticator(page: Page, { hasPrf = true } = {}): Promise<Authenticator> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    count: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length,
    agree: async (isUserVerified) => void (await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })),
  };
}

/** Everything that this browser stored for the page's site, as its own settings delete it. Passkeys stay. */
export async function clearSiteData(page: Page): Promise<void> {
  const { origin } = new URL(page.url());
  await page.goto('about:blank');
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  await cdp.detach();
}
