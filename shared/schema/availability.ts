/** The document `availability`: what was seen of the fleet the last time, and the ledger of machines that were started. */
import * as z from 'zod'
import type { RunnerSigns, TagAvailability, VmStatus } from '../domain/availability.ts'
import type { Instant } from '../domain/event.ts'
import { EMPTY_LEDGER, type Ledger } from '../domain/ledger.ts'
import { ConfigError } from '../errors.ts'
import { faultsOf, instant } from './wire.ts'

export type AvailabilityDocument = {
  /** The last look, complete or not, and what was wrong with it. */
  triedAt: Instant | null
  problem: string | null
  /** The last complete one, of which the rest tells. */
  observedAt: Instant | null
  tags: readonly TagAvailability[]
  runners: readonly RunnerSigns[]
  /** When GitLab was last asked about its runners, and which projects are asked about. */
  contactsAt: Instant | null
  projects: readonly { id: number; path: string | null }[]
  machines: readonly { machine: string; status: VmStatus }[]
  withheld: readonly { machine: string; reason: string }[]
  ledger: Ledger
}

export const NO_AVAILABILITY: AvailabilityDocument = {
  triedAt: null,
  problem: null,
  observedAt: null,
  tags: [],
  runners: [],
  contactsAt: null,
  projects: [],
  machines: [],
  withheld: [],
  ledger: EMPTY_LEDGER,
}

const FORM = 1
const text = z.string()
const count = z.int().min(0)
const ms = z.number().min(0)
const status = z.enum(['running', 'starting', 'stopping', 'stopped', 'missing'])
const outcome = z.enum(['intended', 'done', 'refused'])
const maybeInstant = instant.nullable()
const machines = z.array(z.object({ machine: text, status }))

const run = z.object({
  request_id: text,
  machine: text,
  vm: z.object({ name: text, zone: text, project: text.nullable(), cost_per_hour_eur: z.number().min(0) }),
  reason: text,
  at: instant,
  at_ms: ms,
  start: outcome,
  asked: count,
  asked_ms: ms,
  was_on: z.boolean(),
  started_at: maybeInstant,
  idle_ms: ms.nullable(),
  off: z.object({ since_ms: ms, looks: count }).nullable(),
  stop: z.object({ request_id: text, reason: text, at: instant, at_ms: ms, paid_ms: ms, outcome }).nullable(),
  ended: z.object({ at_ms: ms, paid_ms: ms }).nullable(),
})

const documentSchema = z.object({
  form: z.literal(FORM),
  tried_at: maybeInstant,
  problem: text.nullable(),
  observed_at: maybeInstant,
  tags: z.array(
    z.object({
      tag: text,
      status: z.enum(['healthy', 'degraded', 'down']),
      since: instant,
      reason: text,
      waiting: count,
      oldest_wait_seconds: z.number().nullable(),
      last_seen_at: maybeInstant,
      runners: count,
      silent: count,
      running: count,
      machines,
    }),
  ),
  runners: z.array(
    z.object({
      name: text,
      contacted_at: maybeInstant,
      started_at: maybeInstant,
      finished_at: maybeInstant,
      running: count,
    }),
  ),
  contacts_at: maybeInstant,
  projects: z.array(z.object({ id: z.int(), path: text.nullable() })),
  machines,
  withheld: z.array(z.object({ machine: text, reason: text })),
  ledger: z.object({
    newest_at: maybeInstant,
    last_at: maybeInstant,
    clock_ms: ms,
    paid_ms: ms,
    spent: z.array(z.object({ hour: count, eur: z.number().min(0) })),
    runs: z.array(run),
    wanted: z.array(z.object({ machine: text, since_ms: ms })),
  }),
})

/** @throws ConfigError when it is not such a document: from what is not understood nothing is started. */
export function readAvailability(value: unknown): AvailabilityDocument {
  if (value === undefined) return NO_AVAILABILITY
  const parsed = documentSchema.safeParse(value)
  if (!parsed.success)
    throw new ConfigError(
      'documents/availability.json is not understood; a newer version made it, or it was changed by hand. Delete it to begin anew: what was started is forgotten, so look whether a machine runs.',
      faultsOf(parsed.error).slice(0, 5),
    )
  const { form: _, ...document } = parsed.data
  return renamed(document, camelOf) as AvailabilityDocument
}

export function encodeAvailability(document: AvailabilityDocument): z.input<typeof documentSchema> {
  const named = renamed({ form: FORM, ...document }, snakeOf)
  return z.encode(documentSchema, named as z.output<typeof documentSchema>)
}

const snakeOf = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camelOf = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The same with all keys renamed; nothing in the document is keyed by names of the fleet. */
function renamed(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => renamed(one, rename))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), renamed(item, rename)]))
}
