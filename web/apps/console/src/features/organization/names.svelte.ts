import type { ApiKey, Member, Membership, Organization, Page } from '../../api/types.ts';
import type { App } from '../../shell/app.svelte.ts';
import { can } from '../../shell/permissions.ts';

/** The most that one answer has. Who or what is not in it is shown by its id. */
const LIMIT = 200;

type Named = readonly (readonly [id: string, name: string])[];

/** What people call the members, keys and domains, and the organization, that the server names by their ids. */
export class Names {
  #actors = $state.raw<Named>([]);
  #domains = $state.raw<Named>([]);
  #own: Named = [];
  readonly #names = $derived(new Map([...this.#own, ...this.#actors, ...this.#domains]));

  constructor({ api, account }: App, membership: Membership) {
    // Who is confined to a domain may not read the members, and sees only what is their own.
    if (account) this.#own = [[account.id, account.name]];
    const base = `/v1/organizations/${membership.id}`;
    const members = async (): Promise<Named> =>
      can(membership, 'members.read') ? (await api.get<Page<Member>>(`${base}/members`, { limit: LIMIT })).items.map(({ account, name }) => [account, name]) : [];
    const keys = async (): Promise<Named> =>
      can(membership, 'keys.read') ? (await api.get<Page<ApiKey>>(`${base}/keys`, { limit: LIMIT })).items.map(({ id, name }) => [id, name]) : [];
    const domains = async (): Promise<Named> => {
      const { id, name, domains } = await api.get<Organization>(base);
      return [[id, name], ...domains.map(({ id, host }) => [id, host] as const)];
    };
    // Without names there are ids: whatever went wrong, the list that they stand in says it.
    Promise.all([members(), keys()]).then((named) => (this.#actors = named.flat()), () => {});
    domains().then((named) => (this.#domains = named), () => {});
  }

  /** Members and keys: whoever can have acted. */
  get actors(): Named {
    return this.#actors;
  }

  readonly find = (id: string): string | undefined => this.#names.get(id);

  readonly of = (id: string): string => this.find(id) ?? id;
}
