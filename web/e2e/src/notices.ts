import { expect, type Page } from '@playwright/test';
import { founder, letters } from './members.ts';
import { run } from './servers.ts';

/** An owner who has made a key, which a notice tells of; and where that notice says that such mails can be stopped. */
export async function notified(page: Page, name: string): Promise<{ stop: string }> {
  const { email, place } = await founder(page, name);
  await page.goto(`${place}/keys`);
  await page.getByRole('main').getByRole('button').first().click();
  await page.getByRole('dialog').getByRole('textbox').first().fill('Deployment');
  await page.keyboard.press('Enter');
  await page.getByText(/^wxk_\w{38}$/).waitFor();
  const form = new RegExp(`${run.platform.replaceAll('.', '\\.')}/unsubscribe/[\\w-]+`);
  let stop: string | undefined;
  await expect.poll(() => (stop = letters(email).map((text) => form.exec(text)?.[0]).find(Boolean))).toBeTruthy();
  return { stop: stop! };
}
