import type { DomainSettings, Kind } from '../../api/domains.ts';

export const KINDS: readonly Kind[] = ['one_time', 'device_bound'];

const [HOUR, DAY] = [3_600, 86_400];
export const LIFETIMES_S: readonly number[] = [HOUR, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];

/** The form: every number as it is typed, nothing for "no rule of ours". */
export interface Draft {
  home: DomainSettings['home'];
  creators: DomainSettings['creators'];
  lifetime: string;
  views: string;
  kind: Kind | '';
  maxLifetime: string;
  maxViews: string;
  kinds: Record<Kind, boolean>;
  passphrase: boolean;
  showsMember: boolean;
}

const typed = (value?: number | null): string => (value == null ? '' : String(value));

export function draftOf({ home, creators, defaults, limits, shows_member }: DomainSettings): Draft {
  const allows = (kind: Kind) => limits.kinds?.includes(kind) ?? true;
  return {
    home,
    creators,
    lifetime: typed(defaults.lifetime_s),
    views: typed(defaults.views),
    kind: defaults.kind ?? '',
    maxLifetime: typed(limits.max_lifetime_s),
    maxViews: typed(limits.max_views),
    kinds: { one_time: allows('one_time'), device_bound: allows('device_bound') },
    passphrase: limits.passphrase_required,
    showsMember: shows_member,
  };
}

/** What is sent. Every kind allowed is no rule: what a later version brings is allowed, too. */
export function settingsOf(draft: Draft): object {
  const number = (name: string, text: string) => (text.trim() ? { [name]: Number(text) } : {});
  const kinds = KINDS.filter((kind) => draft.kinds[kind]);
  return {
    home: draft.home,
    creators: draft.creators,
    defaults: { ...number('lifetime_s', draft.lifetime), ...number('views', draft.views), ...(draft.kind && { kind: draft.kind }) },
    limits: {
      ...number('max_lifetime_s', draft.maxLifetime),
      ...number('max_views', draft.maxViews),
      ...(kinds.length < KINDS.length && { kinds }),
      passphrase_required: draft.passphrase,
    },
    shows_member: draft.showsMember,
  };
}
