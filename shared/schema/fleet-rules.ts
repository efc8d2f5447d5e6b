/** Rules of the site in `fleet.yaml`: what its owner demands or prefers beyond GitLab's rule. */
import * as z from 'zod'
import { architectureNamed } from '../domain/needs.ts'
import type { SiteDemand, SiteRule } from '../domain/site-rule.ts'
import type { Fault } from './fault-words.ts'

const MS_PER_SECOND = 1000
const DEFAULT_WEIGHT = 1
/** Ten times what the best job can earn. */
const MOST_WEIGHT = 100

const TYPES =
  'is one of executor, architecture, gpu, memory, zone, cost_ceiling, maintenance_window, online_by_heartbeat, free_slots'

const word = z.string().min(1).max(255)
const words = z.array(word).min(1).optional()

const common = {
  /** What refusals name it by: `rule:<name>`. */
  name: z
    .string()
    .regex(/^[^\s\p{Cc}]+( [^\s\p{Cc}]+)*$/u, 'a name is of one line, without spaces around it')
    .max(100),
  severity: z.enum(['hard', 'soft']).default('hard'),
  /** Of a soft rule: how much mean reward may be given up to fulfil it. */
  weight: z.number().positive().max(MOST_WEIGHT).optional(),
  /** Job keys, or project/job by any name of the project; `*` stands for any text. Left out: all jobs. */
  jobs: words,
  enabled: z.boolean().default(true),
}

/** Where a rule names no value itself, the job's own need counts. */
const rule = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ ...common, type: z.literal('executor'), allowed: words }),
    z.strictObject({ ...common, type: z.literal('architecture'), allowed: words }),
    z.strictObject({ ...common, type: z.literal('gpu'), models: words }),
    z.strictObject({ ...common, type: z.literal('memory'), at_least_gb: z.number().positive().optional() }),
    z.strictObject({ ...common, type: z.literal('zone'), allowed: words }),
    z.strictObject({ ...common, type: z.literal('cost_ceiling'), eur_per_hour: z.number().min(0) }),
    z.strictObject({ ...common, type: z.literal('maintenance_window') }),
    z.strictObject({
      ...common,
      type: z.literal('online_by_heartbeat'),
      silent_after_seconds: z.number().positive(),
    }),
    z.strictObject({ ...common, type: z.literal('free_slots') }),
  ],
  { error: ({ code }) => (code === 'invalid_union' ? TYPES : undefined) },
)

export const rules = z.array(rule).default([])
type RuleEntry = z.output<typeof rule>

/** What the shape alone does not show. */
export function faultsOfRules(
  entries: readonly RuleEntry[],
  executors: readonly string[],
  fault: (path: Fault['path'], message: string) => void,
): void {
  const names = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    const at = (...keys: Fault['path']) => ['rules', index, ...keys]
    if (names.has(entry.name)) fault(at('name'), `a second rule is called "${entry.name}"`)
    names.add(entry.name)
    if (entry.severity === 'hard' && entry.weight !== undefined)
      fault(at('weight'), 'a hard rule has no weight; severity: soft makes it a preference')
    if (entry.type !== 'executor') continue
    for (const [position, executor] of (entry.allowed ?? []).entries()) {
      if (!executors.includes(executor)) fault(at('allowed', position), `"${executor}" is not in executors`)
    }
  }
}

/** Puts a rule that has no faults in the place of one that has, so that the rest of the file can be looked at, too. */
export function standInForRule(file: { rules: unknown[] }, index: number): void {
  file.rules[index] = { name: `faulty ${index}`, type: 'free_slots' }
}

/** Those that are switched on, in the order of the file. */
export function rulesOf(entries: readonly RuleEntry[]): SiteRule[] {
  return entries
    .filter(({ enabled }) => enabled)
    .map((entry) => ({
      name: entry.name,
      severity: entry.severity,
      weight: entry.severity === 'soft' ? (entry.weight ?? DEFAULT_WEIGHT) : 0,
      jobs: entry.jobs ?? null,
      ...demandOf(entry),
    }))
}

function demandOf(entry: RuleEntry): SiteDemand {
  switch (entry.type) {
    case 'architecture':
      return { type: entry.type, allowed: entry.allowed?.map(architectureNamed) ?? null }
    case 'executor':
    case 'zone':
      return { type: entry.type, allowed: entry.allowed ?? null }
    case 'gpu':
      return { type: entry.type, models: entry.models ?? null }
    case 'memory':
      return { type: entry.type, atLeastGb: entry.at_least_gb ?? null }
    case 'cost_ceiling':
      return { type: entry.type, eurPerHour: entry.eur_per_hour }
    case 'online_by_heartbeat':
      return { type: entry.type, silentAfterMs: entry.silent_after_seconds * MS_PER_SECOND }
    case 'maintenance_window':
    case 'free_slots':
      return { type: entry.type }
  }
}
