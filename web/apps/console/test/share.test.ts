import { expect, test } from 'vitest';
import type { DomainSettings } from '../src/api/domains.ts';
import { limitsOf, moved, rulesOf, WIDEST } from '../src/features/secrets/limits.ts';

const FREE: DomainSettings = { home: 'create', creators: 'everyone', defaults: {}, limits: { passphrase_required: false }, shows_member: false };
const STRICT: DomainSettings = {
  ...FREE,
  defaults: { lifetime_s: 7_200, views: 2, kind: 'device_bound' },
  limits: { max_lifetime_s: 86_400, max_views: 3, kinds: ['device_bound'], passphrase_required: true },
};

test('the form begins as the domain has it, and offers what it allows', () => {
  expect(limitsOf(STRICT)).toMatchObject({ max_lifetime_s: 86_400, max_views: 3, kinds: ['device_bound'], passphrase: 'required' });
  expect(rulesOf(limitsOf(STRICT))).toEqual({ kind: 'device_bound', lifetime: '7200', views: '2' });
  expect(limitsOf(FREE)).toMatchObject({ ...WIDEST, passphrase: 'optional' });
  expect(rulesOf(limitsOf(FREE))).toEqual(rulesOf(WIDEST));
});

test('on another domain, what a person chose stays if it is allowed there', () => {
  const [free, strict] = [limitsOf(FREE), limitsOf(STRICT)];
  expect(moved(rulesOf(free), free, strict), 'nothing was chosen').toEqual(rulesOf(strict));
  expect(moved({ kind: 'device_bound', lifetime: '3600', views: '3' }, free, strict)).toEqual({ kind: 'device_bound', lifetime: '3600', views: '3' });
  expect(moved({ kind: 'one_time', lifetime: '2592000', views: '9' }, free, strict), 'beyond its limits').toEqual(rulesOf(strict));
  expect(moved({ kind: 'device_bound', lifetime: 'exact', views: '1' }, strict, free)).toEqual({ kind: 'one_time', lifetime: 'exact', views: '1' });
});
