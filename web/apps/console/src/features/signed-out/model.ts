/** What a form of a new account breaks; the page has the words. The server's rules are stricter and decide. */
export type Faults = Partial<Record<'name' | 'email' | 'password', 'name' | 'email' | 'password-short' | 'password-long'>>;

const MIN_PASSWORD = 10;
const MAX_PASSWORD = 256;

/** Characters as the server counts them: after NFKC, by code points. */
const length = (password: string): number => [...password.normalize('NFKC')].length;

export function fault(given: { name?: string; email?: string; password?: string }): Faults {
  const faults: Faults = {};
  if (given.name !== undefined && given.name.trim() === '') faults.name = 'name';
  if (given.email !== undefined && !/^[^\s@]+@[^\s@]+$/.test(given.email.trim())) faults.email = 'email';
  if (given.password !== undefined && length(given.password) < MIN_PASSWORD) faults.password = 'password-short';
  if (given.password !== undefined && length(given.password) > MAX_PASSWORD) faults.password = 'password-long';
  return faults;
}
