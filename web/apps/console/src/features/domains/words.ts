import type { DomainDetail, Finding, Hint, Report } from '../../api/domains.ts';
import type { Key, Words } from '../../shell/words.svelte.ts';

/** Values for a finding's words. What is named `fault` has words of its own. */
function values(words: Words, { params = {} }: Pick<Finding, 'params'>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, name === 'fault' ? words.named('dns.fault', value) : value]));
}

/** What was found; the code itself if it is younger than this page. */
export function foundOf(words: Words, finding: Pick<Finding, 'code' | 'params'>): string {
  const key = `dns.found.${finding.code}`;
  return words.has(key) ? words.t(key, values(words, finding)) : finding.code;
}

/** What to do about it. */
export function adviceOf(words: Words, finding: Pick<Finding, 'code' | 'params'>): string | null {
  const key = `dns.advice.${finding.code}`;
  return words.has(key) ? words.t(key, values(words, finding)) : null;
}

/** What a row of the history came from, without the values that only a report has: the code, where its words need them. */
export function causeOf(words: Words, code: string): string {
  const keys = [`dns.found.${code}`, `certificate.reason.${code}`].filter((key): key is Key => words.has(key));
  return keys.map((key) => words.t(key)).find((text) => !text.includes('{')) ?? code;
}

/** What makes an edit easier at the provider's form; the code itself if it is younger than this page. */
export function hintOf(words: Words, { code, ...values }: Hint): string {
  const key = `dns.hint.${code}`;
  return words.has(key) ? words.t(key, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? '']))) : code;
}

/** Where the records are managed, as far as the names of the zone's servers tell. */
export function placeOf(words: Words, report?: Report | null): string | null {
  if (!report) return null;
  const { provider, servers } = report;
  if (provider) {
    const key = `provider.${provider.id}`;
    return [words.t('provider.at', { provider: provider.name }), words.has(key) ? words.t(key) : ''].join(words.lang === 'ja' ? '' : ' ').trim();
  }
  const names = [...new Set(servers.map(({ name }) => name))].join(', ');
  return names ? words.t('provider.unknown', { servers: names }) : null;
}

/** What happens when the state ends by itself. */
export function endOf(words: Words, { ownership, ownership_until_ms }: DomainDetail): string | null {
  const key = `domain.until.${ownership}`;
  return ownership_until_ms && words.has(key) ? words.t(key, { time: words.say.time(ownership_until_ms) }) : null;
}
