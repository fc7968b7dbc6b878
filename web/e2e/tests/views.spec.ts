import { expect, expectState, openLink, sealInBrowser, test, visit } from '../src/fixtures.ts';
import { look } from '../src/people.ts';

test('three views open on three devices, and the fourth device is told', async ({ person }) => {
  const text = 'for the three of you';
  const { link } = await sealInBrowser(await person(), { text, views: 3 });
  for (const left of [2, 1, 0]) {
    const reader = await person();
    expect(await openLink(reader, link)).toBe(text);
    await expect(reader.locator('#fate')).toHaveAttribute('data-fate', left > 0 ? 'used' : 'destroyed');
    expect((await look(link)).views_left).toBe(left);
  }
  const fourth = await person();
  await visit(fourth, link, 'gone');
  await expect(fourth.locator('.openings li')).toHaveCount(3);
});

test('of two people who press at the same moment one gets it and the other is told', async ({ person }) => {
  const text = 'for one of you';
  const { link } = await sealInBrowser(await person(), { text });
  const readers = [await person(), await person()];
  await Promise.all(readers.map((reader) => visit(reader, link)));
  await Promise.all(readers.map((reader) => reader.locator('#open').click()));
  for (const reader of readers) await expect(reader.locator('main')).toHaveAttribute('data-state', /^(shown|gone)$/);
  const states = await Promise.all(readers.map((reader) => reader.locator('main').getAttribute('data-state')));
  expect(states.sort()).toEqual(['gone', 'shown']);
});

test('one device takes one view, however often its person returns', async ({ person }) => {
  const { link } = await sealInBrowser(await person(), { text: 'for two devices', views: 2 });
  const reader = await person();
  await openLink(reader, link);
  await expect(reader.locator('#fate')).toHaveAttribute('data-fate', 'used');
  await reader.reload();
  await expectState(reader, 'done');
  expect((await look(link)).views_left).toBe(1);
});
