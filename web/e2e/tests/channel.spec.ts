import { channelServer } from '@waxseal/crypto/channel-server';
import { expect, expectState, openLink, sealInBrowser, test, visit } from '../src/fixtures.ts';
import { look, send } from '../src/people.ts';
import { run } from '../src/servers.ts';

const { origin } = run;

test('what goes over the wire is ciphertext: no request and no answer about a secret can be read', async ({ person }) => {
  const [sender, reader] = [await person(), await person()];
  const bodies: Promise<Buffer | null>[] = [];
  const types = new Set<string>();
  for (const page of [sender, reader]) {
    page.on('response', (response) => {
      const request = response.request();
      if (!request.url().includes('/v1/secrets/')) return;
      bodies.push(Promise.resolve(request.postDataBuffer()));
      types.add(`${request.headers()['content-type']} → ${response.headers()['content-type']}`);
      // A stream's body is there only when it ends.
      if (!request.url().endsWith('/status')) bodies.push(response.body().catch(() => null));
    });
  }
  const { link, receiptLink } = await sealInBrowser(sender, { text: 'nobody reads along' });
  await openLink(reader, link);
  await expect(reader.locator('#fate')).toHaveAttribute('data-fate', 'destroyed');
  await visit(sender, receiptLink, 'destroyed');
  expect([...types]).toEqual(['application/waxseal-channel → application/waxseal-channel']);
  const all = (await Promise.all(bodies)).map((body) => body?.toString('latin1') ?? '');
  expect(all.length).toBeGreaterThan(8);
  const readable = /"(id|peek|claim_key|receipt|state|content|device)"/;
  expect(all.filter((body) => readable.test(body))).toEqual([]);
});

test('a key that the server no longer has is replaced by the one of today, and the page goes on', async ({ person }) => {
  const { link, text } = await send({ origin });
  const reader = await person();
  // What a cache kept from yesterday.
  const { view } = await channelServer(new URL(origin).host);
  await reader.route('**/v1/channel', (route) => route.fulfill({ json: view }));
  const peeks: number[] = [];
  reader.on('response', (response) => response.url().endsWith('/peek') && void peeks.push(response.status()));
  expect(await openLink(reader, link)).toBe(text);
  expect(peeks, 'refused once, then taken').toEqual([400, 200, 200]);
});

for (const [what, answer] of Object.entries({
  'is kept back': { status: 404, contentType: 'text/html', body: '<h1>blocked</h1>' },
  'is for another host': { status: 200, contentType: 'application/json', body: '' },
})) {
  test(`where the server's key ${what}, the page says so and sends nothing`, async ({ person }) => {
    const { link } = await send({ origin });
    const reader = await person();
    const posts: string[] = [];
    reader.on('request', (request) => void (request.method() === 'POST' && posts.push(request.url())));
    const body = answer.body || !answer.contentType.includes('json') ? answer.body : JSON.stringify((await channelServer('elsewhere.example.com')).view);
    await reader.route('**/v1/channel', (route) => route.fulfill({ ...answer, body }));
    await visit(reader, link, 'no-channel');
    expect(posts).toEqual([]);
    await reader.unroute('**/v1/channel');
    await reader.locator('#retry').click();
    await expectState(reader, 'ready');
    expect((await look(link)).views_left).toBe(1);
  });
}
