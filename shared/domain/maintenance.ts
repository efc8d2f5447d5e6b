/** Maintenance windows: when a machine is not to be given jobs. All times UTC. */
import type { Instant } from './event.ts'
import type { MaintenanceWindow } from './fleet.ts'

const MS_PER_MINUTE = 60_000
const MINUTES_PER_DAY = 24 * 60
const DAYS_PER_WEEK = 7
/** The epoch began on a Thursday. */
const FIRST_DAY = 4

/** A window contains its first moment and not its last. */
export function isInMaintenance(windows: readonly MaintenanceWindow[], at: Instant): boolean {
  return windows.some((window) =>
    window.kind === 'once' ? window.from <= at && at < window.to : isInWeekly(window, at),
  )
}

/** One that ends before it begins, or as it begins, ends the next day. */
function isInWeekly(window: Extract<MaintenanceWindow, { kind: 'weekly' }>, at: Instant): boolean {
  const { days, fromMinute, toMinute } = window
  const minutes = Math.floor(at / MS_PER_MINUTE)
  const today = (Math.floor(minutes / MINUTES_PER_DAY) + FIRST_DAY) % DAYS_PER_WEEK
  const minute = minutes % MINUTES_PER_DAY
  if (fromMinute < toMinute) return days.includes(today) && fromMinute <= minute && minute < toMinute
  const yesterday = (today + DAYS_PER_WEEK - 1) % DAYS_PER_WEEK
  return (days.includes(today) && fromMinute <= minute) || (days.includes(yesterday) && minute < toMinute)
}
