import type { Member, Membership, Page } from '../../api/types.ts';
import type { App } from '../../shell/app.svelte.ts';
import { can } from '../../shell/permissions.ts';

/** Whom to ask about the plan. Until their names are here, or where they may not be known, they are "an owner". */
export class Owners {
  #names = $state.raw<readonly string[]>([]);
  readonly #app: App;

  constructor(app: App, membership: Membership) {
    this.#app = app;
    if (!can(membership, 'members.read')) return;
    const asked = app.api.get<Page<Member>>(`/v1/organizations/${membership.id}/members`, { limit: 200 });
    // Without names the sentence stands as well: whatever went wrong, the page says it elsewhere.
    asked.then(({ items }) => (this.#names = items.filter(({ role }) => role === 'owner').map(({ name }) => name)), () => {});
  }

  /** "Ask an owner of the organization: Aiko Tanaka." */
  get sentence(): string {
    const { t, lang } = this.#app.words;
    if (this.#names.length === 0) return t('plan.ask');
    return t('plan.ask.names', { names: new Intl.ListFormat(lang, { type: 'disjunction' }).format(this.#names) });
  }
}
