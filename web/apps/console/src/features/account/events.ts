/** What can have happened to an account; `wax_model::AccountAction` has the same. */
export const EVENTS = [
  'created',
  ...['password', 'link', 'passkey', 'cli', 'recovery'].map((way) => `signed_in.${way}`),
  ...['sign_in.refused', 'held_back', 'session.ended', 'password.changed', 'address.changed'],
  ...['passkey.added', 'passkey.removed', 'totp.enabled', 'totp.disabled', 'recovery_codes.made', 'recovery_code.used'],
].map((event) => `account.${event}`);

/** What a person looks for in their history: somebody got in, somebody did not, or something is otherwise now. */
export type Sort = 'in' | 'refused' | 'changed';

const SORTS: readonly (readonly [start: string, sort: Sort])[] = [
  ['account.signed_in.', 'in'],
  ['account.sign_in.refused', 'refused'],
  ['account.held_back', 'refused'],
];

export const sortOf = (action: string): Sort => SORTS.find(([start]) => action.startsWith(start))?.[1] ?? 'changed';
