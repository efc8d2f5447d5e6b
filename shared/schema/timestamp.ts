/** The date forms that GitLab's webhooks use. */
import type { Instant } from '../domain/event.ts'

const FORM =
  /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))? ?(Z|UTC|([+-])(\d{2}):?(\d{2}))$/

/**
 * "2023-01-10 13:50:02 UTC" (job hooks), "2021-02-23T02:41:37.886Z" (the Test button, *_iso) or
 * "2021-04-28 21:50:00 +0200" (deployments) as an instant; undefined for anything else, also for a date that
 * no calendar has.
 */
export function parseTimestamp(text: string): Instant | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = '',
    ,
    sign,
    zoneHours = '0',
    zoneMinutes = '0',
  ] = match
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3))
  const utc = Date.UTC(fields[0], fields[1] - 1, fields[2], fields[3], fields[4], fields[5], ms)
  // Date.UTC rolls "2026-02-30" over into March; a date that does not come back as it went in is none.
  if (new Date(utc).toISOString().slice(0, 19) !== `${year}-${month}-${day}T${hour}:${minute}:${second}`) {
    return undefined
  }
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  return utc - (sign === '-' ? -zoneMs : zoneMs)
}
