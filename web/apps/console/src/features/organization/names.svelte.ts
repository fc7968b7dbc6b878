import type { ApiKey, Member, Membership, Organization, Page } from '../../api/types.ts';
import type { App } from '../../shell/app.svelte.ts';
import { can } from '../../shell/permissions.ts';

/** The most that one answer has. Who or what is not in it is shown by its id. */
const LIMIT = 200;

type Named = readonly (readonly [id: string, name: string])[];

/** What people call the members, keys and domains that the server names by their ids. */
export class Names {
  #actors = $state.raw<Named>([]);
  #domains = $state.raw<Named>([]);
  readonly #names = $derived(new Map([...this.#actors, ...this.#domains]));

  constructor({ api }: App, membership: Membership) {
    const base = `/v1/organizations/${membership.id}`;
    const members = async (): Promise<Named> =>
      can(membership, 'members.read') ? (await api.get<Page<Member>>(`${base}/members`, { limit: LIMIT })).items.map(({ account, name }) => [account, name]) : [];
    const keys = async (): Promise<Named> =>
      can(membership, 'keys.read') ? (await api.get<Page<ApiKey>>(`${base}/keys`, { limit: LIMIT })).items.map(({ id, name }) => [id, name]) : [];
    const domains = async (): Promise<Named> => (await api.get<Organization>(base)).domains.map(({ id, host }) => [id, host]);
    // Without names there are ids: whatever went wrong, the list that they stand in says it.
    Promise.all([members(), keys()]).then((named) => (this.#actors = named.flat()), () => {});
    domains().then((named) => (this.#domains = named), () => {});
  }

  /** Members and keys: whoever can have acted. */
  get actors(): Named {
    return this.#actors;
  }

  readonly of = (id: string): string => this.#names.get(id) ?? id;
}
