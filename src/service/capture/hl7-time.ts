/**
 * HL7 times (data type TS/DTM): YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ].
 * May import: nothing.
 */

const form = /^(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.(\d{1,9}))?([+-]\d{4})?/;

/**
 * The time in unix ms, or null when the text is none. Without a zone it is meant in the zone of this computer: the
 * standard says "the sender's", which is most often the same.
 */
export function hl7TimeMs(text: string): number | null {
  const match = form.exec(text);
  if (match === null) return null;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', fraction = '', zone] = match;
  const parts = [Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second)] as const;
  if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 || parts[3] > 24 || parts[4] > 59 || parts[5] > 60)
    return null;
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  const [fullYear, monthNumber, ...rest] = parts;
  if (zone === undefined) return positive(new Date(fullYear, monthNumber - 1, ...rest, ms).getTime());
  const zoneMinutes = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5))) * (zone.startsWith('-') ? -1 : 1);
  return positive(Date.UTC(fullYear, monthNumber - 1, ...rest, ms) - zoneMinutes * 60_000);
}

/** Session files hold no times before 1970. */
const positive = (timeMs: number): number | null => (timeMs >= 0 ? timeMs : null);
