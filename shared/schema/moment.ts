/** A window of time as a person names it. */
import type { Instant } from '../domain/event.ts'
import { InvalidInputError } from '../errors.ts'
import { parseSince } from './since.ts'
import { parseTimestamp } from './timestamp.ts'

/** Decisions in [fromAt, toAt), in epoch milliseconds; undefined: without bound. */
export type Window = { fromAt: Instant | undefined; toAt: Instant | undefined }

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** @throws InvalidInputError for what is no moment, and for a window without anything in it. */
export function windowOf(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  now: Instant,
): Window {
  const fromAt = from === undefined ? undefined : momentOf('--from', from, now)
  const toAt = to === undefined ? undefined : momentOf('--to', to, now)
  if (fromAt !== undefined && toAt !== undefined && fromAt >= toAt)
    throw new InvalidInputError(`--from ${from} is not before --to ${to}.`)
  return { fromAt, toAt }
}

function momentOf(flag: string, text: string, now: Instant): Instant {
  const moment = parseMoment(text, now)
  if (moment !== undefined) return moment
  throw new InvalidInputError(
    `${flag} ${JSON.stringify(text)}: give a day as 2026-10-01, a moment as 2026-10-01T12:00:00Z, or how long ago as 30d or 12h.`,
  )
}

/** "30d" or "12h" ago, or a day (its first moment in UTC) or moment in ISO 8601, also of the future; else undefined. */
export function parseMoment(text: string, now: Instant): Instant | undefined {
  return parseSince(text, now) ?? parseTimestamp(DAY.test(text) ? `${text}T00:00:00Z` : text)
}
