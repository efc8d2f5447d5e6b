/** What /recommend is asked and what it answers. */
import * as z from 'zod'
import type { Refusal } from '../domain/feasible.ts'
import type { CanaryGroup, Mode } from '../domain/mode.ts'
import { policyNames } from '../domain/policies/index.ts'
import type { ScoredArm } from '../domain/recommendation.ts'
import type { Relaxation } from '../domain/relaxation.ts'
import { dotenvValue } from './dotenv.ts'
import { parseBody } from './intake.ts'
import { decodeOrThrow } from './wire.ts'

const flag = z.enum(['1', 'true', '0', 'false']).transform((text) => text === '1' || text === 'true')
const text = z.string().max(1024)

/** Empty: nothing in particular. */
const need = text.transform((value) => value.trim() || undefined)

const query = z.strictObject({
  /** GitLab's project id or path. */
  project: text.min(1).transform((name) => (/^\d+$/.test(name) ? name.replace(/^0+(?=\d)/, '') : name)),
  job: text.min(1),
  /** The job's tags; "" for none. Left out: not known. */
  tags: text
    .transform((list) => list.split(',').map((tag) => tag.trim()))
    .transform((tags) => [...new Set(tags.filter((tag) => tag !== ''))].sort())
    .optional(),
  policy: z
    .enum(policyNames as [string, ...string[]], `there is no such policy; known: ${policyNames.join(', ')}`)
    .optional(),
  format: z.enum(['json', 'dotenv'], 'json or dotenv').default('json'),
  /** Whether the job runs on a protected ref. */
  protected: flag.optional(),
  /** The pipeline that asks; in canary its jobs are all in one group. */
  pipeline_id: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'no id of a pipeline')
    .optional(),
  /** The tag to carry when nothing is routed. */
  fallback: need.optional(),
  /** What the job needs beyond its tags, for the site rules of fleet.yaml. */
  image: need.optional(),
  executor: need.optional(),
  architecture: need.optional(),
  gpu: need.optional(),
  zone: need.optional(),
  memory_gb: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,3})?$/, 'no number of gigabytes')
    .transform(Number)
    .optional(),
  /** All arms instead of the ten best feasible ones and a hundred refused ones, and every rule that refused one. */
  all: flag.default(false),
})

const value = z.union([z.string(), z.number(), z.boolean()])
const bodyObject = z.record(z.string(), z.union([value, z.array(value)]))

export type RecommendQuery = z.output<typeof query>

/** @throws InvalidInputError naming each parameter that is missing or wrong. */
export function parseRecommendQuery(parameters: Iterable<[string, string]>): RecommendQuery {
  return decodeOrThrow(query, Object.fromEntries(parameters), 'recommend')
}

/**
 * The parameters in the body of a POST: a form, or a JSON object, whose lists are joined by commas.
 * @throws InvalidInputError for JSON that is no object.
 */
export function readParameters(
  contentType: string | undefined,
  body: Uint8Array,
  what = 'recommend',
): [string, string][] {
  if (body.length === 0) return []
  const text = new TextDecoder().decode(body)
  if (!/^application\/json\b/i.test(contentType ?? '')) return [...new URLSearchParams(text)]
  const object = decodeOrThrow(bodyObject, parseBody(body), `${what}: body`)
  return Object.entries(object).map(([key, value]) => [key, String(value)])
}

/** The answer without its lists. */
export type RecommendHead = {
  /** Empty when nothing was decided: the project is in mode off. */
  decision_id: string
  kind: 'arm' | 'fallback' | 'none'
  runner: string | null
  tag: string | null
  /** The mode that the project is in. */
  mode: Mode
  /** Whether the job is to carry the arm's tag. */
  routed: boolean
  /** The tag to carry: the arm's when routed, else the caller's own. */
  use_tag: string | null
  policy: string
  /** In canary: who draws for this pipeline. */
  group: CanaryGroup | null
  propensity: number | null
  confidence: number | null
  /** Names the row of `choice_sets` that has the whole lists; null when no decision could be made. */
  choice_set_id: string | null
  feasible_count: number
  refused_count: number
  state: { generation: string; age_seconds: number | null; observations: number } | null
  /** Why there is no arm; only when kind is not `arm`. */
  reason?: string
  /** When no arm is feasible: the smallest sets of rules without which these arms would be. */
  relaxations?: readonly Relaxation[]
  /** Why the mode is not the one that its owner wants. */
  mode_reason?: string
}

export type RecommendAnswer = RecommendHead & { feasible: ScoredArm[]; refused: Refusal[] }

/** The answer as JSON, from lists that are JSON already. */
export function jsonOf(head: RecommendHead, feasibleJson: string, refusedJson: string): string {
  return `${JSON.stringify(head).slice(0, -1)},"feasible":${feasibleJson},"refused":${refusedJson}}\n`
}

/**
 * The answer as a GitLab dotenv report: no spaces or quotes in values, so each run of other characters in a
 * runner's name becomes a "-".
 */
export function dotenvOf(head: RecommendHead): string {
  const { decision_id, runner, use_tag, policy, mode, routed } = head
  const value = (text: string | null) => dotenvValue(text ?? '')
  return [
    `MAB_RUNNER_TAG=${value(use_tag)}`,
    `MAB_RUNNER=${value(runner)}`,
    `MAB_DECISION_ID=${value(decision_id)}`,
    `MAB_POLICY=${value(policy)}`,
    `MAB_MODE=${mode}`,
    `MAB_ROUTED=${routed}`,
    '',
  ].join('\n')
}
