// Times as people at a gate say them: local time of the city, whatever the tablet's own clock says.

const ZONE = "Asia/Shanghai";
const DAY_MS = 86_400_000;

/** "today 14:00", "tomorrow 06:30", or the day with its weekday. */
export function momentWords(
  moment: string,
  locale: string,
  words: { today: string; tomorrow: string },
  now: Date = new Date(),
): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return moment;
  const days = dayNumber(at) - dayNumber(now);
  const time = clockWords(at, locale);
  if (days === 0) return `${words.today} ${time}`;
  if (days === 1) return `${words.tomorrow} ${time}`;
  const day = new Intl.DateTimeFormat(locale, { timeZone: ZONE, dateStyle: "long" });
  const weekday = new Intl.DateTimeFormat(locale, { timeZone: ZONE, weekday: "short" });
  return `${day.format(at)} ${weekday.format(at)} ${time}`;
}

export function clockWords(moment: string | Date, locale: string, seconds = false): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return String(moment);
  const parts: Intl.DateTimeFormatOptions = { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (seconds) parts.second = "2-digit";
  return new Intl.DateTimeFormat(locale, parts).format(at);
}

function dayNumber(at: Date): number {
  // No summer time since 1991: a local day of the city is always 24 hours.
  return Math.floor((at.getTime() + 8 * 3_600_000) / DAY_MS);
}
