/** Where runners run, in `fleet.yaml`: what a machine has, and when it is not to be used. */
import * as z from 'zod'
import type { MaintenanceWindow } from '../domain/fleet.ts'
import { architectureNamed } from '../domain/needs.ts'

const word = z.string().min(1).max(255)

/** What a machine says of all its runners, and a runner may say otherwise. */
export const hardware = {
  /** As Go names it: amd64, arm64, … */
  architecture: word.transform(architectureNamed).optional(),
  /** Model of the GPU, or "none"; of a machine that says nothing it is not known. */
  gpu: word.optional(),
  /** Of what one job may have. */
  memory_gb: z.number().positive().optional(),
  zone: word.optional(),
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

const TIME_OF_DAY = 'a time of day has the form "22:00", and is UTC'
const MOMENT = 'an instant has the form 2026-12-24T22:00:00Z, and is UTC'

const minuteOfDay = z
  .string(TIME_OF_DAY)
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, TIME_OF_DAY)
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)))

const moment = z.iso.datetime(MOMENT).transform((text) => Date.parse(text))

const once = z
  .strictObject({ from: moment, to: moment })
  // Of one that is no instant it is NaN, and has a fault already.
  .refine(({ from, to }) => !(from >= to), { message: 'it ends before it begins', path: ['to'] })
  .transform(({ from, to }): MaintenanceWindow => ({ kind: 'once', from, to }))

const weekly = z
  .strictObject({
    days: z.array(z.enum(DAYS)).min(1),
    from: minuteOfDay,
    /** Not after `from`: of the next day. */
    to: minuteOfDay,
  })
  .transform(
    ({ days, from, to }): MaintenanceWindow => ({
      kind: 'weekly',
      days: [...new Set(days)].map((day) => DAYS.indexOf(day)).sort((a, b) => a - b),
      fromMinute: from,
      toMinute: to,
    }),
  )

const maintenance = z
  .strictObject({ once: once.optional(), weekly: weekly.optional() })
  .transform((window, context): MaintenanceWindow => {
    const given = [window.once, window.weekly].filter((one) => one !== undefined)
    if (given.length === 1) return given[0] as MaintenanceWindow
    context.addIssue({ code: 'custom', message: 'a window is either once: or weekly:' })
    return z.NEVER
  })

export const machine = z.strictObject({
  cost_per_hour_eur: z.number().min(0).default(0),
  ...hardware,
  /** When its runners are not to be given jobs. */
  maintenance: z.array(maintenance).default([]),
  /** The virtual machine that it is, where it may be started when it is needed. */
  vm: z.strictObject({ name: word, zone: word, project: word.optional() }).optional(),
})
