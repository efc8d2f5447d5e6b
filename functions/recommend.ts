/**
 * recommend: which runner should take this job.
 *
 * Trigger: GET or POST /recommend, by the API's token or a job's id token. Reads: the newest state in memory, fleet.
 * Writes: topics `recommendations` and `choice-sets`, not awaited. Never blocks a pipeline: no I/O on the way to the
 * answer (but for the first id token: GitLab's keys, for two seconds at most), and on any trouble the fleet's fallback
 * tag. Repetition: every answer is a decision of its own.
 */
import type * as z from 'zod'
import { projectNamesOf } from '../shared/domain/decision.ts'
import { jobKeyOf } from '../shared/domain/event.ts'
import { policyNamed } from '../shared/domain/policies/index.ts'
import type { Policy } from '../shared/domain/policy.ts'
import { type ChosenArm, drawArm } from '../shared/domain/recommendation.ts'
import { seededDraws } from '../shared/domain/rng.ts'
import { InvalidInputError } from '../shared/errors.ts'
import { preparedChoice, type Shelf, shelfOf } from '../shared/runtime/choice-sets.ts'
import { agreeing, callerOf } from '../shared/runtime/ci-callers.ts'
import { refuseWithoutApiToken } from '../shared/runtime/credentials.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import { NO_CHOICE, type PreparedChoice } from '../shared/schema/choice-set.ts'
import type { CiJob } from '../shared/schema/ci-job.ts'
import {
  dotenvOf,
  jsonOf,
  parseRecommendQuery,
  type RecommendAnswer,
  type RecommendHead,
  type RecommendQuery,
  readParameters,
} from '../shared/schema/recommend.ts'
import type { recommendationRow } from '../shared/schema/rows.ts'

type RecommendDeps = Pick<Deps, 'state' | 'bus' | 'clock' | 'rng' | 'fleet' | 'settings' | 'log'>
type HttpDeps = RecommendDeps & Pick<Deps, 'idTokens'>

/** A decision, and all that was known when it was made. */
type Decided = {
  decisionId: string
  decidedAt: number
  query: RecommendQuery
  policy: Policy
  jobKey: string
  prepared: PreparedChoice
  chosen: ChosenArm | undefined
  trouble: string | undefined
  shelf: Shelf | undefined
}

const MAX_BODY_BYTES = 65_536
const MS_PER_SECOND = 1000
const JSON_HEADERS = { 'content-type': 'application/json' }

export async function recommend(request: HttpRequest, deps: HttpDeps): Promise<HttpResponse> {
  const { headers } = request
  const caller = await callerOf(headers, deps, () => refuseWithoutApiToken(headers, deps.settings))
  if (caller.refusal !== undefined) return caller.refusal
  let parameters: Iterable<[string, string]> = request.query
  if (request.method === 'POST') {
    const body = await request.body(MAX_BODY_BYTES)
    if (body === undefined)
      throw new InvalidInputError(`recommend: the body is longer than ${MAX_BODY_BYTES} bytes`)
    parameters = [...request.query, ...readParameters(headers['content-type'], body)]
  }
  if (caller.job !== undefined) {
    const agreed = agreeing(parameters, { project: namesOf(caller.job, deps) })
    if (agreed.refusal !== undefined) return agreed.refusal
    parameters = agreed.parameters
  }
  const { query, text } = answerTo(parameters, deps)
  // As text, since its lists are JSON already.
  return query.format === 'dotenv'
    ? { status: 200, body: text }
    : { status: 200, headers: JSON_HEADERS, body: text }
}

/** What a job may call its project: its id, its path, and the names that fleet.yaml has for it. */
function namesOf({ projectId, projectPath }: CiJob, { fleet }: RecommendDeps): string[] {
  const named = [...fleet.projectIds].filter(([, id]) => String(id) === projectId).map(([name]) => name)
  return [projectId, projectPath, ...named]
}

/**
 * The answer to the parameters of a request: an object, or text for `format=dotenv`.
 * @throws InvalidInputError naming each parameter that is missing or wrong.
 */
export function recommendFor(
  parameters: Iterable<[string, string]>,
  deps: RecommendDeps,
): RecommendAnswer | string {
  const { query, text } = answerTo(parameters, deps)
  return query.format === 'dotenv' ? text : (JSON.parse(text) as RecommendAnswer)
}

/** Decides, hands the decision to the journal, and answers. For what is understood it does not throw. */
function answerTo(parameters: Iterable<[string, string]>, deps: RecommendDeps) {
  const query = parseRecommendQuery(parameters)
  const decided = decide(query, deps)
  const head = headOf(decided, deps)
  journal(head, decided, deps)
  const { feasibleJson, refusedJson } = decided.prepared
  return { query, text: query.format === 'dotenv' ? dotenvOf(head) : jsonOf(head, feasibleJson, refusedJson) }
}

function decide(query: RecommendQuery, deps: RecommendDeps): Decided {
  const { fleet, settings, rng, clock, log } = deps
  const decisionId = rng.id()
  const policy = policyNamed(query.policy ?? settings.policyName) as Policy
  const project = fleet.projectIds.get(query.project) ?? query.project
  const jobKey = jobKeyOf(project, query.job)
  const common = { decisionId, decidedAt: clock.now(), query, policy, jobKey }
  let shelf: Shelf | undefined
  try {
    shelf = shelfOf(deps)
    const requirements = {
      projectNames: projectNamesOf(project, query.project),
      tags: query.tags ?? null,
      refProtected: query.protected ?? null,
    }
    const prepared = preparedChoice(shelf, { policy, jobKey, requirements, all: query.all }, deps)
    const chosen = drawArm(prepared.lottery, seededDraws(decisionId))
    const trouble =
      chosen === undefined && query.tags === undefined
        ? 'It is not known what this job needs: it was not seen before, and no tags were given.'
        : undefined
    return { ...common, prepared, chosen, trouble, shelf }
  } catch (error) {
    log.error('recommendation.failed', { decision_id: decisionId, error })
    const trouble = 'No decision could be made; the log says why.'
    return { ...common, prepared: NO_CHOICE, chosen: undefined, trouble, shelf }
  }
}

function headOf(decided: Decided, { fleet }: RecommendDeps): RecommendHead {
  const { decisionId, decidedAt, query, policy, prepared, chosen, trouble, shelf } = decided
  const head: RecommendHead = {
    decision_id: decisionId,
    kind: 'arm',
    runner: chosen?.arm ?? null,
    tag: chosen?.tag ?? null,
    policy: policy.name,
    propensity: chosen?.propensity ?? null,
    confidence: chosen?.confidence ?? null,
    choice_set_id: prepared.choiceSetId,
    feasible_count: prepared.feasibleCount,
    refused_count: prepared.refusedCount,
    state: shelf === undefined ? null : freshness(shelf, decidedAt),
  }
  if (trouble !== undefined) return { ...head, kind: 'fallback', tag: fleet.fallbackTag, reason: trouble }
  if (chosen !== undefined) return head
  const dead = (query.tags ?? [])
    .filter((tag) => fleet.deadTags.has(tag))
    .map((tag) => ` "${tag}" is a dead tag.`)
  const reason = `No runner can take this job; "refused" says why of each.${dead.join('')}`
  return { ...head, kind: 'none', reason }
}

function freshness({ snapshot, observations }: Shelf, now: number): RecommendHead['state'] {
  const { generation, updatedAt } = snapshot
  const ageSeconds = updatedAt === null ? null : Math.max(0, now - updatedAt) / MS_PER_SECOND
  return { generation, age_seconds: ageSeconds, observations }
}

/** Hands the decision over; its row is written out by hand, being on the way of every answer. */
function journal(head: RecommendHead, decided: Decided, { bus, log }: RecommendDeps): void {
  const { decisionId, decidedAt, query, policy, jobKey, shelf } = decided
  const row: z.input<typeof recommendationRow> = {
    decision_id: decisionId,
    decided_at: new Date(decidedAt).toISOString(),
    kind: head.kind,
    project: query.project,
    job_name: query.job,
    job_key: jobKey,
    job_tags: query.tags?.join(',') ?? null,
    policy: policy.name,
    policy_version: policy.version,
    arm: head.runner,
    tag: head.tag,
    propensity: head.propensity,
    confidence: head.confidence,
    choice_set_id: head.choice_set_id,
    feasible_count: head.feasible_count,
    reason: head.reason ?? null,
    state_generation: head.state?.generation ?? null,
    state_as_of_at: shelf?.stateAsOf ?? null,
    state_observations: head.state?.observations ?? null,
  }
  const lost = (error: unknown) => log.error('recommendation.lost', { decision_id: decisionId, error })
  try {
    bus.publish({ topic: 'recommendations', body: row, patient: true }).catch(lost)
  } catch (error) {
    lost(error)
  }
}
