/** Since when: "30d", "12h", or a day or moment in ISO 8601. */
import type { Instant } from '../domain/event.ts'
import { parseTimestamp } from './timestamp.ts'

const MS_PER_UNIT: Record<string, number> = { h: 3_600_000, d: 86_400_000 }
const LONGEST_DAYS = 36_500

/** Undefined for anything else, also for what lies in the future or beyond a hundred years. */
export function parseSince(text: string, now: Instant): Instant | undefined {
  const [, count, unit] = /^(\d{1,7})([hd])$/.exec(text) ?? []
  const at =
    count !== undefined
      ? now - Number(count) * (MS_PER_UNIT[unit as string] as number)
      : parseTimestamp(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  const oldest = now - LONGEST_DAYS * (MS_PER_UNIT.d as number)
  return at === undefined || at > now || at < oldest ? undefined : at
}
