/** What can have happened in an organization; `wax_model::Action` has the same. */
export const ACTIONS = [
  ...['created', 'claimed', 'acked', 'opened', 'lapsed', 'asked', 'handed', 'wrong_key', 'locked', 'unlocked', 'destroyed', 'burned', 'expired'].map(
    (act) => `secret.${act}`,
  ),
  ...['joined', 'changed', 'removed', 'left'].map((act) => `member.${act}`),
  ...['made', 'resent', 'withdrawn'].map((act) => `invitation.${act}`),
  ...['made', 'changed', 'rotated', 'revoked'].map((act) => `key.${act}`),
  ...[
    'added', 'connected', 'ownership_changed', 'pointing_changed', 'certificate_changed', 'gate_changed', 'settings_changed', 'contest_answered',
    'certificate_ordered', 'certificate_brought', 'certificate_removed', 'foreign_certificate_seen', 'look_alike_seen', 'removed',
  ].map((act) => `domain.${act}`),
  ...['created', 'renamed', 'transferred', 'exported', 'deletion_scheduled', 'deletion_cancelled', 'deleted'].map((act) => `organization.${act}`),
  ...['plan_changed', 'standing_changed'].map((act) => `billing.${act}`),
  ...['audit.exported', 'mail.bounced'],
];

/** The first moment of a day as a date field writes it (`2026-11-22`), in the reader's own zone. */
export function dayStart(day: string): number | undefined {
  return day ? new Date(`${day}T00:00:00`).getTime() : undefined;
}

/** Its last moment: "to the 22nd" means the 22nd, too. */
export function dayEnd(day: string): number | undefined {
  return day ? new Date(`${day}T23:59:59.999`).getTime() : undefined;
}
