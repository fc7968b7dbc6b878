// What a visit may load in scripts, in bytes after gzip: the entry, and the parts that the page is made of. Whoever is
// signed out needs no part (`src/parts.svelte.ts`).
const BUDGETS = [
  { visit: 'signed out', parts: [], bytes: 52_000 },
  { visit: 'of an account', parts: ['member', 'account'], bytes: 106_000 },
  { visit: 'of an organization', parts: ['member', 'plan', 'organization'], bytes: 125_000 },
  { visit: 'to a domain', parts: ['member', 'plan', 'domains'], bytes: 142_000 },
  { visit: 'to a plan', parts: ['member', 'plan', 'billing'], bytes: 116_000 },
  { visit: 'to share a secret', parts: ['member', 'plan', 'organization', 'share'], bytes: 142_000 },
];
const STYLE_BYTES = 9_000;

/** What each visit loads of the built `app`; throws if that is more than it may be. `sizes`: of every file, after gzip. */
export function weigh(app, first, sizes) {
  const weights = BUDGETS.map(({ visit, parts, bytes }) => {
    const files = new Set([first, app.script, ...parts.flatMap((part) => app.parts[part])]);
    return { what: `scripts of a visit ${visit}`, bytes: [...files].reduce((sum, file) => sum + sizes[file], 0), budget: bytes };
  });
  weights.push({ what: 'style', bytes: sizes[app.style], budget: STYLE_BYTES });
  const over = weights.filter(({ bytes, budget }) => bytes > budget);
  if (over.length > 0) throw new Error(`over budget: ${over.map(({ what, bytes, budget }) => `${what}: ${bytes} of ${budget} B`).join('; ')}`);
  return weights;
}
