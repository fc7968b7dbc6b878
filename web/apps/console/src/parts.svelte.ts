import { bring } from './shell/bring.ts';
import { isOpen, type Found, type OrganizationPage } from './shell/routes.ts';

/** What comes when it is needed: a script each, with whatever it alone needs. Their files are named after these. */
const PARTS = {
  member: () => import('./parts/member.ts'),
  account: () => import('./parts/account.ts'),
  organization: () => import('./parts/organization.ts'),
  domains: () => import('./parts/domains.ts'),
  plan: () => import('./parts/plan.ts'),
  billing: () => import('./parts/billing.ts'),
  share: () => import('./parts/share.ts'),
};

type Part = keyof typeof PARTS;
type Modules = { [P in Part]: Awaited<ReturnType<(typeof PARTS)[P]>> };

/** Pages of an organization that are made of something else. */
const ORGANIZATION_PARTS: Partial<Record<OrganizationPage, readonly Part[]>> = {
  share: ['member', 'plan', 'organization', 'share'],
  domains: ['member', 'plan', 'domains'],
  addDomain: ['member', 'plan', 'domains'],
  domain: ['member', 'plan', 'domains'],
  billing: ['member', 'plan', 'billing'],
  usage: ['member', 'plan', 'billing'],
  invoices: ['member', 'plan', 'billing'],
};

/** The parts that a page is made of, for somebody who is signed in. */
export function partsOf(found: Found): readonly Part[] {
  if (found.kind === 'organization') return ORGANIZATION_PARTS[found.page] ?? ['member', 'plan', 'organization'];
  if (found.kind === 'missing' || found.page === 'start') return ['member'];
  return isOpen(found.page) ? [] : ['member', 'account'];
}

/** Which parts are here. */
export class Parts {
  #here = $state.raw<Partial<Modules>>({});
  /** One of them did not arrive, or is not what was released: only the whole page, loaded anew, can mend that. */
  lost = $state(false);
  readonly #asked = new Map<Part, Promise<void>>();

  get here(): Readonly<Partial<Modules>> {
    return this.#here;
  }

  /** Resolves when they are here, or one of them is lost. Null: they are here. */
  need(parts: readonly Part[]): Promise<void> | null {
    const missing = parts.filter((part) => !this.#here[part]);
    return missing.length > 0 ? Promise.all(missing.map((part) => this.#ask(part))).then(() => {}) : null;
  }

  #ask(part: Part): Promise<void> {
    const asked = this.#asked.get(part) ?? this.#bring(part);
    this.#asked.set(part, asked);
    return asked;
  }

  async #bring(part: Part): Promise<void> {
    try {
      const module = await bring<unknown>(part, PARTS[part]);
      this.#here = { ...this.#here, [part]: module };
    } catch {
      this.lost = true;
    }
  }
}
