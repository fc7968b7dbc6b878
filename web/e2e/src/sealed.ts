import type { BrowserContext } from '@playwright/test';

/**
 * What pages seal into their requests, as it was before it was sealed: the wire shows only ciphertext. Heard where the
 * browser encrypts, by the path that the channel binds to every request.
 */
export async function hearSealed(context: BrowserContext, hear: (body: string) => void): Promise<void> {
  await context.exposeBinding('waxsealSealed', (_, body: string) => hear(body));
  await context.addInitScript(() => {
    const tell = (globalThis as unknown as { waxsealSealed(body: string): void }).waxsealSealed;
    const encrypt = SubtleCrypto.prototype.encrypt;
    SubtleCrypto.prototype.encrypt = function (params: AesGcmParams, key, data) {
      const bound = new TextDecoder().decode(params.additionalData);
      if (bound.includes('/v1/secrets/')) tell(new TextDecoder().decode(data));
      return encrypt.call(this, params, key, data);
    };
  });
}
