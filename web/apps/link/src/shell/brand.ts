import type { Limits } from '@waxseal/flow/draft';

/** What `/brand.json` says about the organization whose host this is. Texts are plain; empty ones are absent. */
export interface Brand extends Limits {
  organization: string;
  logo: string | null;
  support: string | null;
  before_open: string | null;
  after_open: string | null;
  create: 'anyone' | 'closed';
}

/** A page without its brand still works: it says the host's name and offers the protocol's limits. */
export const PLAIN: Brand = {
  organization: location.hostname,
  logo: null,
  support: null,
  before_open: null,
  after_open: null,
  create: 'anyone',
  max_lifetime_s: 31_536_000,
  max_views: 1_000,
};

export async function fetchBrand(): Promise<Brand> {
  try {
    const response = await fetch('/brand.json', { credentials: 'same-origin' });
    return response.ok ? { ...PLAIN, ...((await response.json()) as Partial<Brand>) } : PLAIN;
  } catch {
    return PLAIN;
  }
}
