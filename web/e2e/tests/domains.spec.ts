import { expect, test } from '../src/fixtures.ts';
import { accept, founder, invite, member } from '../src/members.ts';

/** A name that is this machine's alone: nobody has to be asked whose it is. */
const HOST = 'nordlicht-story.localhost';

test('an owner adds a domain, its page opens, visitors are turned away when it is closed, and its name removes it', async ({ person }) => {
  const owner = await member(person);
  const { place } = await founder(owner, 'domains');
  await owner.getByRole('navigation').getByRole('link', { name: 'Domains' }).click();
  await owner.goto(`${place}/domains/new`);
  await owner.getByLabel('Host name').fill('co.jp');
  await owner.keyboard.press('Enter');
  await expect(owner.getByLabel('Host name'), 'focus is where it can be mended').toBeFocused();
  await expect(owner.getByText('This is a public suffix')).toBeVisible();

  await owner.getByLabel('Host name').fill(`https://${HOST}/`);
  await owner.keyboard.press('Enter');
  await expect(owner.getByRole('heading', { level: 1, name: HOST })).toBeFocused();
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
  await owner.getByLabel(`Type “${HOST}” to confirm`).fill(HOST);
  await owner.getByRole('button', { name: 'Remove the domain' }).click();
  await expect(owner.getByText(`${HOST} was removed.`)).toBeVisible();
  await expect(owner.getByRole('link', { name: HOST })).toHaveCount(0);
});

test('an auditor sees how a domain stands, and has no button there', async ({ person }) => {
  const owner = await member(person);
  const { place } = await founder(owner, 'domain-auditing');
  await owner.goto(`${place}/domains/new`);
  await owner.getByLabel('Host name').fill('audited-story.localhost');
  await owner.keyboard.press('Enter');
  await expect(owner.getByRole('link', { name: 'Open the domain' })).toBeVisible();
  const email = 'noor-domains@nordlicht.example';
  await invite(owner, place, email, 'Auditor');

  const auditor = await member(person);
  await accept(auditor, email, 'Noor Aziz');
  await auditor.goto(`${place}/domains`);
  await auditor.getByRole('link', { name: 'audited-story.localhost' }).click();
  await expect(auditor.getByRole('link', { name: 'Open the domain' })).toBeVisible();
  for (const name of ['Remove…', 'Check now', 'Save']) await expect(auditor.getByRole('button', { name })).toHaveCount(0);
  await auditor.goto(`${place}/domains/new`);
  await expect(auditor.getByText('There is no such page')).toBeVisible();
});
