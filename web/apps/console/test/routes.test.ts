import { expect, test } from 'vitest';
import { find, safeReturn } from '../src/shell/routes.ts';

const ORIGIN = 'https://app.example';

test('a path is one page, with or without a slash at its end', () => {
  expect(find('/')).toEqual({ kind: 'own', page: 'start' });
  expect(find('/account/security/')).toEqual({ kind: 'own', page: 'security' });
  expect(find('/o/acme')).toEqual({ kind: 'organization', page: 'home', organization: 'acme' });
  expect(find('/o/ten_AbC-9/members')).toEqual({ kind: 'organization', page: 'members', organization: 'ten_AbC-9' });
});

test.each(['/o', '/o/', '/o/acme/unknown', '/o/acme/members/x', '/o/a b', '/constructor', '/o/acme/constructor', '/Sign-In', '//sign-in'])(
  '%s is no page',
  (path) => expect(find(path)).toEqual({ kind: 'missing' }),
);

test('after signing in one goes on inside the console', () => {
  expect(safeReturn('/o/acme/keys?state=x', ORIGIN)).toBe('/o/acme/keys?state=x');
  expect(safeReturn(null, ORIGIN)).toBe('/');
});

test.each(['//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', '/\t/evil.example', '/v1/session', '/o/acme/../../..//evil.example'])(
  'and never to %j',
  (path) => expect(safeReturn(path, ORIGIN)).toBe('/'),
);

test('a domain has a page of its own, which nobody’s id can take the place of', () => {
  expect(find('/o/acme/domains/dom_AbC-9')).toEqual({ kind: 'organization', page: 'domain', organization: 'acme', thing: 'dom_AbC-9' });
  expect(find('/o/acme/domains/new')).toEqual({ kind: 'organization', page: 'addDomain', organization: 'acme' });
  for (const path of ['/o/acme/domains/a/b', '/o/acme/keys/new', '/o/acme//x', '/o/acme/domains/*', '/o/acme/domains/a%2Fb']) expect(find(path), path).toEqual({ kind: 'missing' });
});
