import type { Problem } from '@waxseal/api';
import type { MeterName } from '../../api/billing.ts';
import { isCode } from '../../api/client.ts';
import { METERS, type Limited } from './billing.ts';

/** Fields of a secret that a plan has limits for (422 with `rule: "plan"`). */
const FIELDS: Readonly<Record<string, Limited>> = { after_s: 'max_lifetime_s', at_ms: 'max_lifetime_s', views: 'max_views', content: 'max_content_bytes' };

/** What of the plan was met, as `limit.<what>` says it. */
export interface Met {
  what: MeterName | `frozen.${'domains' | 'members' | 'keys'}` | 'limited' | 'secret';
  /** What a greater plan has more of. */
  limited?: Limited;
  max: number;
}

/** What stood in the way of making something, if it was the plan; null for every other problem. */
export function limitMet(problem: Problem | null, making: MeterName): Met | null {
  const document = problem?.document as (Problem['document'] & { meter?: string; max?: number }) | null | undefined;
  if (isCode(problem, 'organization-limited')) return { what: 'limited', max: 0 };
  if (document?.code === 'invalid' && document.rule === 'plan') {
    const limited = FIELDS[document.field?.split('.').pop() ?? ''];
    return limited ? { what: 'secret', limited, max: 0 } : null;
  }
  if (!isCode(problem, 'plan-limit')) return null;
  const meter = METERS.find((name) => name === document?.meter) ?? making;
  // What it was to be made with is over the limit: the meter is another than what was to be made.
  const what = meter !== making && meter !== 'secrets' ? (`frozen.${meter}` as const) : meter;
  return { what, limited: meter, max: document?.max ?? 0 };
}
