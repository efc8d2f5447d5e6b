/** When a tag counts as down, and what may be spent on it: the section `availability` of `fleet.yaml`. */
import * as z from 'zod'
import type { AvailabilityRules } from '../domain/availability-rules.ts'

const MS_PER_MINUTE = 60_000

const minutes = (least: number, otherwise: number) => z.number().min(least).max(10_080).default(otherwise)

/** Every key may be left out: then nothing is ever started. */
export const availability = z
  .strictObject({
    /** Tags to watch besides those that several arms share. */
    tags: z.array(z.string().min(1).max(255)).default([]),
    /** A job that has waited so long for a tag is a sign that something is wrong with it. */
    degraded_after_minutes: minutes(1, 5),
    /** One that has waited so long, while none of the tag's runners gave a sign of life, is a sign that none is there. */
    down_after_minutes: minutes(2, 15),
    /** GitLab writes down a runner's contact once in 40 to 55 minutes. */
    silent_after_minutes: minutes(60, 75),
    /** Whether machines may be started. */
    start: z.boolean().default(false),
    max_starts_per_day: z.int().min(0).max(100).default(4),
    max_eur_per_day: z.number().min(0).max(10_000).default(1),
    /** Between two starts of one machine. */
    cooldown_minutes: minutes(20, 30),
    stop_after_idle_minutes: minutes(5, 20),
    /** What a start costs however soon it is stopped. */
    minimum_charge_minutes: z.number().min(0).max(60).default(1),
  })
  .prefault({})

export function availabilityOf(section: z.output<typeof availability>): AvailabilityRules {
  return {
    tags: section.tags,
    degradedAfterMs: section.degraded_after_minutes * MS_PER_MINUTE,
    downAfterMs: section.down_after_minutes * MS_PER_MINUTE,
    silentAfterMs: section.silent_after_minutes * MS_PER_MINUTE,
    start: section.start,
    maxStartsPerDay: section.max_starts_per_day,
    maxEurPerDay: section.max_eur_per_day,
    cooldownMs: section.cooldown_minutes * MS_PER_MINUTE,
    stopAfterIdleMs: section.stop_after_idle_minutes * MS_PER_MINUTE,
    minimumChargeMs: section.minimum_charge_minutes * MS_PER_MINUTE,
  }
}
