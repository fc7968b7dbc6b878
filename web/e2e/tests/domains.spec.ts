import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, pasted, test } from '../src/fixtures.ts';
import { startInternet, ZONE, type Internet } from '../src/internet.ts';
import { keepFromLog } from '../src/ledger.ts';
import { accept, founder, invite, member, type Door } from '../src/members.ts';
import { HOST, PLATFORM, run, startServer, type Server } from '../src/servers.ts';

/** A name that is this machine's alone: nobody has to be asked whose it is. */
const LOCAL = 'nordlicht-story.localhost';
/** Below it every organization has a name from the start. */
const SUFFIX = 'links.example.net';
const TARGET = new RegExp(`^[a-z0-9]{26}\\.${ZONE.replaceAll('.', '\\.')}$`);

const ZONES = {
  com: ['a.nic.com'],
  net: ['a.nic.net'],
  'example.net': ['ns1.example.net'],
  'cloudflare.com': ['ns3.cloudflare.com'],
  'example.com': ['ada.ns.cloudflare.com', 'bob.ns.cloudflare.com'],
  'silent.com': ['ns1.silent.com'],
};

interface World extends Door {
  internet: Internet;
  server: Server;
}
let world: World;

// A story of many presses says soon which one did nothing.
test.use({ actionTimeout: 20_000 });

test.beforeAll(async ({}, { parallelIndex }) => {
  const internet = await startInternet(ZONES);
  const dataDir = join(run.folder, `domains-${parallelIndex}-${process.pid}`);
  const env = { ...internet.env, WAXSEAL_DOMAINS__PLATFORM_SUFFIX: SUFFIX, WAXSEAL_DOMAINS__EDGE_ADDRESSES: '192.0.2.1' };
  const server = await startServer({ log: run.serverLog, dataDir, env });
  world = { internet, server, platform: server.origin.replace(HOST, PLATFORM), mailDir: join(dataDir, 'mail') };
});

test.afterAll(async () => {
  await world.server.stop();
  world.internet.stop();
});

async function add(page: Page, place: string, host: string): Promise<void> {
  await page.goto(`${place}/domains/new`);
  await page.locator('[name=host]').fill(host);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: host })).toBeFocused();
}

/** Asks for a look, and waits for what it shows; within 10 s of the last one it is asked by itself a little later. */
async function look(page: Page, shown: string): Promise<void> {
  await page.getByRole('button', { name: /^(It is set: check now|Check now)$/ }).first().click();
  await expect(page.getByText(shown).first()).toBeVisible({ timeout: 30_000 });
}

test('an admin adds a domain, is told each record by what every name server says, and visitors are served once the DNS proves it', async ({ person }) => {
  test.setTimeout(150_000);
  const host = 'secrets.example.com';
  const { tell } = world.internet;
  const owner = await member(person, 'en-GB', world);
  const { place } = await founder(owner, 'dns-story', world);
  const email = 'dana-domains@nordlicht.example';
  await invite(owner, place, email, 'Admin');
  const admin = await member(person, 'en-GB', world);
  await accept(admin, email, 'Dana Reyes', world);

  await add(admin, place, host);
  await expect(admin.getByRole('status').filter({ hasText: 'It is your turn' })).toContainText('The domain leads nowhere yet.');
  await expect(admin.getByText('These records are managed at Cloudflare.')).toBeVisible();
  await expect(admin.getByText('At Cloudflare, turn the proxy off for this record')).toBeVisible();
  await expect(admin.getByText('on 0 of 2 name servers')).toBeVisible();
  await expect(admin.getByRole('row').filter({ hasText: 'ada.ns.cloudflare.com' })).toContainText('No such name');
  const copy = async (name: string) => {
    await admin.getByRole('button', { name, exact: true }).click();
    await expect(admin.getByText('Copied').last()).toBeVisible();
    return pasted(admin, world.server.origin);
  };
  expect(await copy('Copy the name')).toBe('secrets');
  expect(await copy('Copy the full name')).toBe(host);
  const target = await copy('Copy the value');
  expect(target).toMatch(TARGET);
  expect(await copy('Copy for whoever manages the DNS')).toContain(`\n${host}. 300 IN CNAME ${target}.\n`);

  await tell(`add ${host} CNAME old.example.net`);
  await look(admin, 'Change this record, which now says old.example.net');
  await expect(admin.getByRole('status').filter({ hasText: 'It is your turn' })).toContainText('leads');

  await tell(`remove ${host} CNAME`);
  await tell(`add-at ada.ns.cloudflare.com ${host} CNAME ${target}`);
  await look(admin, 'Some name servers lead here, and some do not yet.');
  await expect(admin.getByText('Nothing to do: the change is spreading to all name servers.')).toBeVisible();

  await tell(`add-at bob.ns.cloudflare.com ${host} CNAME ${target}`);
  await look(admin, 'This service orders no certificates: bring your own');
  await admin.getByRole('tab', { name: 'Certificate' }).click();
  await admin.getByRole('button', { name: 'Use your own…' }).click();
  const { chain, key } = await tell<{ chain: string; key: string }>(`certificate ${host}`);
  keepFromLog(key);
  await admin.getByLabel('Certificates (PEM)').fill(chain);
  await admin.getByLabel('Private key (PEM)').fill(key);
  await admin.getByRole('button', { name: 'Use it' }).click();
  await expect(admin.getByText('Your certificate is in use.')).toBeVisible();
  await admin.getByRole('tab', { name: 'Status' }).click();
  await expect(admin.getByRole('status').filter({ hasText: 'Everything is in place' })).toBeVisible();
  await expect(admin.getByRole('link', { name: 'Open the domain' })).toHaveAttribute('href', new RegExp(`//${host}`));

  await admin.getByRole('tab', { name: 'History' }).click();
  const proved = admin.getByRole('row').filter({ hasText: 'Not proved yet → Proved' });
  await proved.getByText('What was seen').click();
  await expect(proved.getByRole('listitem').filter({ hasText: 'bob.ns.cloudflare.com' })).toContainText(target);

  await admin.getByRole('tab', { name: 'Status' }).click();
  await admin.getByRole('button', { name: 'Remove…' }).click();
  await admin.getByLabel(`Type “${host}” to confirm`).fill(host);
  await admin.getByRole('button', { name: 'Remove the domain' }).click();
  await expect(admin.getByText(`${host} was removed.`)).toBeVisible();
  await expect(admin.getByRole('link', { name: host })).toHaveCount(0);

  // The organization's own name below the platform's suffix was there from the start, and stays.
  const given = `${place.split('/').pop()}.${SUFFIX}`;
  await expect(async () => {
    await admin.reload();
    await admin.getByRole('link', { name: given }).click({ timeout: 2_000 });
  }).toPass();
  await expect(admin.getByText('It comes with the organization’s short name, and changes with it.')).toBeVisible();
  await expect(admin.getByRole('button', { name: 'Remove…' })).toHaveCount(0);
});

test('in Japanese, name servers that do not answer are their provider’s to mend, and an auditor sees that and has no button', async ({ person }) => {
  test.setTimeout(120_000);
  await world.internet.tell('silence ns1.silent.com');
  const owner = await member(person, 'en-GB', world);
  const { place } = await founder(owner, 'dns-silence', world);
  const host = 'secrets.silent.com';
  await add(owner, place, host);
  await expect(owner.getByRole('status').filter({ hasText: 'The DNS provider has to act' })).toContainText('do not answer: no answer in time');
  const email = 'noor-domains@nordlicht.example';
  await invite(owner, place, email, 'Auditor');

  const auditor = await member(person, 'ja-JP', world);
  await accept(auditor, email, 'Noor Aziz', world);
  await auditor.goto(`${place}/domains`);
  await auditor.getByRole('link', { name: host }).click();
  await expect(auditor.getByRole('status').filter({ hasText: 'DNS事業者による対応が必要です' })).toBeVisible();
  await expect(auditor.getByText('設定するDNSレコード')).toBeVisible();
  for (const name of ['確認', '削除', '保存']) await expect(auditor.getByRole('button', { name })).toHaveCount(0);
  await auditor.goto(`${place}/domains/new`);
  await expect(auditor.locator('[name=host]')).toHaveCount(0);
});

test('a domain’s page opens, is closed to visitors where its settings say so, and is gone when its name has removed it', async ({ person }) => {
  const owner = await member(person, 'en-GB', world);
  const { place } = await founder(owner, 'domains', world);
  await owner.getByRole('navigation').getByRole('link', { name: 'Domains' }).click();
  await owner.goto(`${place}/domains/new`);
  await owner.getByLabel('Host name').fill('co.jp');
  await owner.keyboard.press('Enter');
  await expect(owner.getByLabel('Host name'), 'focus is where it can be mended').toBeFocused();
  await expect(owner.getByText('This is a public suffix')).toBeVisible();

  await owner.getByLabel('Host name').fill(`https://${LOCAL}/`);
  await owner.keyboard.press('Enter');
  await expect(owner.getByRole('heading', { level: 1, name: LOCAL })).toBeFocused();
  const link = owner.getByRole('link', { name: 'Open the domain' });
  await expect(link).toBeVisible();
  const address = (await link.getAttribute('href'))!;
  const visitor = await person();
  // Until every edge knows of it, nobody answers to the name.
  await expect.poll(() => visitor.goto(address).then((answer) => answer?.status(), () => null)).toBe(200);
  await expect(visitor.getByRole('textbox').first()).toBeVisible();

  await owner.getByRole('tab', { name: 'Settings' }).click();
  await owner.getByText('Only what this place is').click();
  await owner.getByRole('button', { name: 'Save' }).click();
  await expect(owner.getByText('Saved.')).toBeVisible();
  await expect
    .poll(async () => {
      await visitor.goto(address);
      return visitor.getByRole('textbox').count();
    })
    .toBe(0);

  await owner.getByRole('tab', { name: 'Status' }).click();
  await owner.getByRole('button', { name: 'Remove…' }).click();
  await owner.getByLabel(`Type “${LOCAL}” to confirm`).fill(LOCAL);
  await owner.getByRole('button', { name: 'Remove the domain' }).click();
  await expect(owner.getByText(`${LOCAL} was removed.`)).toBeVisible();
  await expect(owner.getByRole('link', { name: LOCAL })).toHaveCount(0);
});
