import type { Page } from '@playwright/test';
import { channelServer } from '@waxseal/crypto/channel-server';
import { fetchAs } from './wire.ts';

/**
 * Somebody between a page and its server who has the page use a key of their own: reads what is unsigned, passes it on
 * in the open, and answers one route by themselves.
 */
export async function standBetween(page: Page, route: string, answer: () => object): Promise<void> {
  const server = await channelServer(new URL(page.url()).host);
  await page.route('**/v1/channel', (request) => request.fulfill({ json: server.view }));
  await page.route('**/v1/secrets/*', async (intercepted, request) => {
    const url = new URL(request.url());
    const { body, answer: begin } = await server.open(url.pathname, Uint8Array.from(request.postDataBuffer() ?? []));
    const headers = { 'Content-Type': 'application/json' };
    const own = url.pathname.endsWith(`/${route}`) && JSON.stringify(answer());
    const text = own || (await (await fetchAs('computer')(url, { method: 'POST', body, headers })).text());
    const seal = await begin();
    await intercepted.fulfill({ contentType: 'application/waxseal-channel', body: Buffer.from(await seal(text)) });
  });
}
