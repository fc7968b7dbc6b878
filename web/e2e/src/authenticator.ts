import type { Page } from '@playwright/test';

/** What keeps a person's passkeys: the phone or computer itself, behind a fingerprint. */
export interface Authenticator {
  /** How many passkeys it has. */
  count(): Promise<number>;
  /** Knows nobody's finger from now on, as after several wrong ones. */
  lock(): Promise<void>;
}

/** Gives this page's browser an authenticator of its own. It stays while the page visits addresses of its site. */
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
    lock: async () => void (await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })),
  };
}

/**
 * This browser offers no passkeys beside a field, as some do not: they are asked for by the button alone. Where it offers
 * them, the simulated person chooses one before the page's visitor can press anything.
 */
export async function withoutOffers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Object.defineProperty(PublicKeyCredential, 'isConditionalMediationAvailable', { value: async () => false });
  });
}

/** The person presses "cancel" when this page next asks for a passkey, or to make one: a headless browser shows no such button. */
export async function cancelNext(page: Page, question: 'get' | 'create' = 'get'): Promise<void> {
  await page.evaluate((question) => {
    const { credentials } = navigator;
    const asked = credentials[question];
    credentials[question] = async (options?: CredentialRequestOptions) => {
      // What is offered beside a field asks nothing.
      if (options?.mediation === 'conditional') return asked.call(credentials, options as never);
      credentials[question] = asked;
      throw new DOMException('The operation either timed out or was not allowed.', 'NotAllowedError');
    };
  }, question);
}

/** Everything that this browser stored for the page's site, as its own settings delete it. Passkeys stay. */
export async function clearSiteData(page: Page): Promise<void> {
  const { origin } = new URL(page.url());
  await page.goto(origin);
  const cdp = await page.context().newCDPSession(page);
  // Not detached: that would take away the authenticator of the page, too.
  await cdp.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
}
