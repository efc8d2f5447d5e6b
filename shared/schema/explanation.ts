/** What /explain is asked, the rows that it reads, and what it answers. */
import * as z from 'zod'
import type { Instant } from '../domain/event.ts'
import type { RecordedArm, RecordedDecision, RecordedOutcome } from '../domain/explanation.ts'
import { ucb1 } from '../domain/policies/ucb1.ts'
import { InvalidInputError } from '../errors.ts'
import { decisionRow, recommendationRow } from './rows.ts'
import { parseSince } from './since.ts'
import { decodeOrThrow, instant, json } from './wire.ts'

const text = z.string().min(1).max(2048)
const LOOKS_BACK = '90d'

const query = z
  .object({
    decision_id: text.optional(),
    job_id: z
      .string()
      .regex(/^[1-9]\d{0,15}$/, 'is the number that GitLab gave to the job')
      .transform(Number)
      .refine(Number.isSafeInteger, 'is no number of a job')
      .optional(),
    /** GitLab's project id or path. */
    project: text.optional(),
    /** Nothing that was decided before is looked for: an id does not tell its day. */
    since: text.default(LOOKS_BACK),
  })
  .refine(({ decision_id, job_id }) => (decision_id === undefined) !== (job_id === undefined), {
    message: 'say decision_id=, or job_id= with project=',
  })

export type ExplainQuery = Omit<z.output<typeof query>, 'since'> & { since: Instant }

/** @throws InvalidInputError naming each parameter that is missing or wrong. */
export function parseExplainQuery(parameters: Iterable<[string, string]>, now: Instant): ExplainQuery {
  const parsed = decodeOrThrow(query, Object.fromEntries(parameters), 'explain')
  const since = parseSince(parsed.since, now)
  if (since !== undefined) return { ...parsed, since }
  throw new InvalidInputError('explain: since: say 90d, 12h, or a day or moment that is past, as 2026-10-01')
}

const SHADOW_ID = /^.+\/([1-9]\d{0,15})\/([1-9]\d{0,15})\/job\.(?:started|finished)$/

/** The project and the job in the id of a shadow decision; undefined of any other id. */
export function jobOfShadowId(decisionId: string): { projectId: number; jobId: number } | undefined {
  const [, projectId, jobId] = SHADOW_ID.exec(decisionId) ?? []
  return projectId === undefined ? undefined : { projectId: Number(projectId), jobId: Number(jobId) }
}

/** A row of `choice_sets`, also of before means were recorded. */
const choiceSetRead = z.object({
  parameters: json(z.record(z.string(), z.number())),
  feasible: json(
    z.array(
      z.object({
        arm: z.string(),
        score: z.number().nullable(),
        probability: z.number(),
        observations: z.int(),
        mean_reward: z.number().optional(),
        penalty: z.number().optional(),
      }),
    ),
  ),
  refused: json(z.record(z.string(), z.array(z.string()))),
})

/** What is read of a row of `decision_outcomes`. */
const outcomeRead = z.object({
  job_id: z.int(),
  actual_runner: z.string().nullable(),
  job_status: z.enum(['success', 'failed', 'canceled']).nullable(),
  job_duration: z.number().nullable(),
  reward: z.number().nullable(),
  cost_eur: z.number().nullable(),
  failure_reason: z.string().nullable(),
  finished_at: instant.nullable(),
  choices: decisionRow.shape.choices,
  routed_decision_id: z.string().nullable(),
})

export const OUTCOME_COLUMNS = Object.keys(outcomeRead.shape).join(', ')

export type RecommendationRead = z.output<typeof recommendationRow>
export type ShadowRead = z.output<typeof decisionRow>
export type ChoiceSetRead = z.output<typeof choiceSetRead>
export type OutcomeRead = z.output<typeof outcomeRead>

/** Rows of the warehouse. What the product wrote and cannot read is a bug. */
export const readRecommendation = (row: unknown): RecommendationRead => recommendationRow.parse(row)
export const readShadow = (row: unknown): ShadowRead => decisionRow.parse(row)
export const readChoiceSet = (row: unknown): ChoiceSetRead => choiceSetRead.parse(row)
export const readOutcome = (row: unknown): OutcomeRead => outcomeRead.parse(row)

/** @param set undefined while it is not written. */
export function ofRecommendation(row: RecommendationRead, set: ChoiceSetRead | undefined): RecordedDecision {
  const { mode, canary_group: group, state_generation: generation } = row
  return {
    decisionId: row.decision_id,
    kind: 'recommendation',
    decidedAt: row.decided_at,
    decidedLate: false,
    project: row.project,
    jobName: row.job_name,
    jobId: null,
    jobTags: row.job_tags,
    policy: row.policy,
    policyVersion: row.policy_version,
    parameters: set?.parameters ?? {},
    result: row.kind,
    arm: row.arm,
    tag: row.tag,
    propensity: row.propensity,
    confidence: row.confidence,
    feasible: (set?.feasible ?? []).map(
      ({ mean_reward: meanReward = null, penalty = 0, ...arm }): RecordedArm => ({
        ...arm,
        meanReward,
        penalty,
      }),
    ),
    refused: set?.refused ?? {},
    isSetKnown: set !== undefined,
    reason: row.reason,
    mode,
    routed: row.routed,
    canary: group === null ? null : { share: row.canary_share, group },
    state:
      generation === null
        ? null
        : { generation, asOfAt: row.state_as_of_at, observations: row.state_observations ?? 0 },
  }
}

/** What UCB1 picked in the feasible set; the picks of the others are beside the outcome. */
export function ofShadow(row: ShadowRead): RecordedDecision {
  const pick = row.choices.find(({ policy, set }) => policy === ucb1.name && set === 'feasible')
  const version = pick?.version ?? ''
  return {
    decisionId: row.decision_id,
    kind: 'shadow',
    decidedAt: row.decided_at,
    decidedLate: row.decided_late,
    project: row.project_path ?? String(row.project_id),
    jobName: row.job_name,
    jobId: row.job_id,
    jobTags: null,
    policy: ucb1.name,
    policyVersion: version,
    parameters: version === ucb1.version ? ucb1.parameters : {},
    result: row.nsai_runner === null ? 'none' : 'arm',
    arm: row.nsai_runner,
    tag: null,
    propensity: pick?.probability ?? null,
    confidence: row.nsai_confidence,
    feasible: row.feasible.map(
      ({ arm, observations, mean_reward: meanReward, penalty = 0 }): RecordedArm => ({
        arm,
        observations,
        meanReward,
        penalty,
        score: null,
        probability: pick === undefined ? null : arm === pick.arm ? pick.probability : 0,
      }),
    ),
    refused: row.refused,
    isSetKnown: true,
    reason: null,
    mode: null,
    routed: null,
    canary: null,
    state: {
      generation: row.state_generation,
      asOfAt: row.state_as_of_at,
      observations: row.state_observations,
    },
  }
}

export function ofOutcome(row: OutcomeRead, { decisionId, arm }: RecordedDecision): RecordedOutcome {
  const { actual_runner: runner } = row
  return {
    jobId: row.job_id,
    runner,
    wasPick: runner === null || arm === null ? null : runner === arm,
    status: row.job_status,
    durationSeconds: row.job_duration,
    reward: row.reward,
    costEur: row.cost_eur,
    failureReason: row.failure_reason,
    finishedAt: row.finished_at,
    wasRouted: row.routed_decision_id === decisionId,
    others: row.choices,
  }
}
