export * from '@waxseal/flow/draft';
export { strength } from '@waxseal/ui/strength';

/** What the home page can be, each shown as `data-state` on `<main>`. */
export const STATES = ['loading', 'form', 'sealing', 'failed', 'result', 'closed', 'unsupported'] as const;

export type StateName = (typeof STATES)[number];
