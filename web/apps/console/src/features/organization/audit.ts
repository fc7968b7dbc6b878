/** The first moment of a day as a date field writes it (`2026-11-22`), in the reader's own zone. */
export function dayStart(day: string): number | undefined {
  return day ? new Date(`${day}T00:00:00`).getTime() : undefined;
}

/** Its last moment: "to the 22nd" means the 22nd, too. */
export function dayEnd(day: string): number | undefined {
  return day ? new Date(`${day}T23:59:59.999`).getTime() : undefined;
}
