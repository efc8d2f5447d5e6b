/** Rows of the tables besides the log. Their columns are described in sql/ci_metrics/<table>.yaml. */
import * as z from 'zod'
import { SOURCES } from '../domain/event.ts'
import { CANARY_GROUPS, MODES } from '../domain/mode.ts'
import { TAGS_SOURCES } from '../domain/shadow.ts'
import { instant, json, tagList, toSnakeCase } from './wire.ts'

const id = z.int()
/** Left out where it is 0. */
const penalty = z.number().positive()
/** What each policy makes of the arms; older rows lack the distribution and the parameters. */
const choices = json(
  z.array(
    z.object({
      policy: z.string(),
      version: z.string(),
      parameters: z.record(z.string(), z.number()).optional(),
      set: z.enum(['known', 'feasible']),
      arm: z.string().nullable(),
      probability: z.number().min(0).max(1),
      rest: z.number().min(0).max(1).optional(),
      probabilities: z.array(z.object({ arm: z.string(), probability: z.number().min(0).max(1) })).optional(),
    }),
  ),
)
const refusedByCode = json(z.record(z.string(), z.array(z.string())))

const jobColumns = {
  instance: z.string(),
  project_id: id,
  job_id: id,
}

export const decisionRow = z.object({
  decision_id: z.string(),
  ...jobColumns,
  project_path: z.string().nullable(),
  pipeline_id: id.nullable(),
  job_key: z.string(),
  job_name: z.string(),
  stage: z.string(),
  source: z.enum(SOURCES),
  decided_at: instant,
  decided_late: z.boolean(),
  actual_runner: z.string().nullable(),
  actual_unmanaged: z.boolean(),
  mab_runner: z.string().nullable(),
  nsai_runner: z.string().nullable(),
  nsai_feasible_count: z.int().min(0),
  nsai_confidence: z.number().gt(0).max(1).nullable(),
  mab_would_match: z.boolean().nullable(),
  nsai_would_match: z.boolean().nullable(),
  tags_source: z.enum(TAGS_SOURCES),
  known_count: z.int().min(0),
  feasible: json(
    z.array(
      z.object({
        arm: z.string(),
        observations: z.int(),
        mean_reward: z.number(),
        penalty: penalty.optional(),
      }),
    ),
  ),
  refused: refusedByCode,
  choices,
  state_generation: z.string(),
  state_as_of_at: instant.nullable(),
  state_lag_seconds: z.number().nullable(),
  state_observations: z.int().min(0),
  parent_pipeline_id: id.nullable(),
  started_at: instant.nullable(),
  job_tags: tagList.nullable(),
  attempt: z.int().min(0).nullable(),
  seed: z.string().nullable(),
})

export const outcomeRow = z.object({
  event_id: z.string(),
  ...jobColumns,
  job_status: z.enum(['success', 'failed', 'canceled']),
  job_duration: z.number().positive().nullable(),
  queued_seconds: z.number().nullable(),
  failure_reason: z.string().nullable(),
  runner_failure: z.boolean(),
  arm: z.string().nullable(),
  reward: z.number().min(0).max(10).nullable(),
  cost_eur: z.number().min(0).nullable(),
  finished_at: instant,
  received_at: instant,
  late: z.boolean(),
  routing_decision_id: z.string().nullable(),
})

export const recommendationRow = z.object({
  decision_id: z.string(),
  decided_at: instant,
  kind: z.enum(['arm', 'fallback', 'none']),
  project: z.string(),
  job_name: z.string(),
  job_key: z.string(),
  job_tags: tagList.nullable(),
  policy: z.string(),
  policy_version: z.string(),
  arm: z.string().nullable(),
  tag: z.string().nullable(),
  propensity: z.number().gt(0).max(1).nullable(),
  confidence: z.number().gt(0).max(1).nullable(),
  choice_set_id: z.string().nullable(),
  feasible_count: z.int().min(0),
  reason: z.string().nullable(),
  state_generation: z.string().nullable(),
  state_as_of_at: instant.nullable(),
  state_observations: z.int().nullable(),
  project_id: id.nullable(),
  pipeline_id: id.nullable(),
  asked_by_job_id: id.nullable(),
  mode: z.enum(MODES).nullable(),
  routed: z.boolean().nullable(),
  canary_share: z.number().min(0).max(1).nullable(),
  canary_group: z.enum(CANARY_GROUPS).nullable(),
  /** Left out by an older version, whose messages may still wait. */
  instance: z.string().nullish(),
})

export const choiceSetRow = z.object({
  choice_set_id: z.string(),
  made_at: instant,
  policy: z.string(),
  policy_version: z.string(),
  parameters: json(z.record(z.string(), z.number())),
  state_generation: z.string(),
  feasible: json(
    z.array(
      z.object({
        arm: z.string(),
        score: z.number().nullable(),
        probability: z.number().min(0).max(1),
        observations: z.int(),
        mean_reward: z.number(),
        penalty: penalty.optional(),
        unmet: z.array(z.string()).optional(),
      }),
    ),
  ),
  refused: refusedByCode,
  choices: choices.nullable(),
})

export const quarantineRow = z.object({
  quarantine_id: z.string(),
  received_at: instant,
  source: z.enum(SOURCES),
  code: z.string(),
  reason: z.string(),
  project_id: id.nullable(),
  job_id: id.nullable(),
  body_bytes: z.int().min(0),
  payload: z.string(),
})

export const resetRow = z.object({
  reset_id: z.string(),
  reset_at: instant,
  reason: z.string().nullable(),
  state_generation: z.string(),
  state_observations: z.int().min(0),
})

export const auditRow = z.object({
  audit_id: z.string(),
  acted_at: instant,
  actor: z.string(),
  action: z.enum(['vm.start', 'vm.stop', 'mode.fall_back', 'mode.clear']),
  subject: z.string(),
  reason: z.string(),
  details: json(z.record(z.string(), z.unknown())),
})

export const potentialOutcomeRow = z.object({
  ...jobColumns,
  arm: z.string(),
  started_at: instant,
  reward: z.number().min(0).max(10),
  success: z.number().min(0).max(1),
  run_seconds: z.number().min(0),
  cost_eur: z.number().min(0),
})

type Camel<K> = K extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : K
type CamelCased<T> = { [K in keyof T as Camel<K>]: T[K] }
/** A row as the code holds it: camelCase, instants as epoch milliseconds, JSON columns as values. */
export type RowOf<T extends z.ZodObject> = CamelCased<z.output<T>>

/** The row as the warehouse takes it. */
export function encodeRow<T extends z.ZodObject>(schema: T, row: RowOf<T>): z.input<T> {
  return z.encode(schema, toSnakeCase(row) as unknown as z.output<T>)
}
