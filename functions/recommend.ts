/**
 * recommend: which runner should take this job.
 *
 * Trigger: GET or POST /recommend. Reads: the newest state in memory, fleet. Writes: topic `recommendations`,
 * not awaited. Never blocks a pipeline: no I/O on the way to the answer, and on any trouble the fleet's
 * fallback tag. Repetition: every answer is a decision of its own.
 */
import { projectNamesOf } from '../shared/domain/decision.ts'
import { jobKeyOf } from '../shared/domain/event.ts'
import { armsByCode } from '../shared/domain/feasible.ts'
import { policyNamed } from '../shared/domain/policies/index.ts'
import type { Policy } from '../shared/domain/policy.ts'
import { type Recommendation, recommendArm } from '../shared/domain/recommendation.ts'
import { seededDraws } from '../shared/domain/rng.ts'
import { totalObservations } from '../shared/domain/state.ts'
import { InvalidInputError } from '../shared/errors.ts'
import type { StateSnapshot } from '../shared/ports.ts'
import { refuseWithoutApiToken } from '../shared/runtime/credentials.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import {
  dotenvOf,
  parseRecommendQuery,
  type RecommendAnswer,
  type RecommendQuery,
  readParameters,
} from '../shared/schema/recommend.ts'
import { encodeRow, recommendationRow } from '../shared/schema/rows.ts'

type RecommendDeps = Pick<Deps, 'state' | 'bus' | 'clock' | 'rng' | 'fleet' | 'settings' | 'log'>

const TOP = 10
const MAX_BODY_BYTES = 65_536
const MS_PER_SECOND = 1000
const NO_ARMS: Recommendation = { chosen: undefined, feasible: [], refused: [] }

export async function recommend(request: HttpRequest, deps: RecommendDeps): Promise<HttpResponse> {
  const refusal = refuseWithoutApiToken(request.headers, deps.settings.apiTokens)
  if (refusal !== undefined) return refusal
  const body = request.method === 'POST' ? await request.body(MAX_BODY_BYTES) : new Uint8Array()
  if (body === undefined)
    throw new InvalidInputError(`recommend: the body is longer than ${MAX_BODY_BYTES} bytes`)
  const parameters = [...request.query, ...readParameters(request.headers['content-type'], body)]
  return { status: 200, body: recommendFor(parameters, deps) }
}

/**
 * The answer to the parameters of a request: an object, or text for `format=dotenv`.
 * @throws InvalidInputError naming each parameter that is missing or wrong.
 */
export function recommendFor(
  parameters: Iterable<[string, string]>,
  deps: RecommendDeps,
): RecommendAnswer | string {
  const query = parseRecommendQuery(parameters)
  const answer = decide(query, deps)
  if (query.format === 'dotenv') return dotenvOf(answer)
  return query.all ? answer : { ...answer, feasible: answer.feasible.slice(0, TOP) }
}

/** Decides, hands the decision to the journal, and answers. Does not throw: trouble becomes the fallback. */
function decide(query: RecommendQuery, deps: RecommendDeps): RecommendAnswer {
  const { fleet, settings, rng, log } = deps
  const decisionId = rng.id()
  const policy = policyNamed(query.policy ?? settings.policyName) as Policy
  const project = fleet.projectIds.get(query.project) ?? query.project
  const jobKey = jobKeyOf(project, query.job)
  const snapshot = deps.state.latest()
  let found = NO_ARMS
  let trouble: string | undefined
  try {
    if (snapshot === undefined) throw new Error('the bandit state has not been read yet')
    const requirements = {
      projectNames: projectNamesOf(project, query.project),
      tags: query.tags ?? null,
      refProtected: query.protected ?? null,
    }
    const { state } = snapshot
    found = recommendArm({ jobKey, requirements, state, fleet, policy, draw: seededDraws(decisionId) })
  } catch (error) {
    log.error('recommendation.failed', { decision_id: decisionId, error })
    trouble = 'No decision could be made; the log says why.'
  }
  if (found.chosen === undefined && query.tags === undefined) {
    trouble ??= 'It is not known what this job needs: it was not seen before, and no tags were given.'
  }
  const answer = answerOf(decisionId, policy, found, trouble, snapshot, query.tags ?? [], deps)
  const lost = (error: unknown) => log.error('recommendation.lost', { decision_id: decisionId, error })
  try {
    journal(answer, query, jobKey, policy, snapshot, deps).catch(lost)
  } catch (error) {
    lost(error)
  }
  return answer
}

function answerOf(
  decisionId: string,
  policy: Policy,
  { chosen, feasible, refused }: Recommendation,
  trouble: string | undefined,
  snapshot: StateSnapshot | undefined,
  tags: readonly string[],
  { fleet, clock }: RecommendDeps,
): RecommendAnswer {
  const common = {
    decision_id: decisionId,
    policy: policy.name,
    feasible,
    refused,
    state: snapshot === undefined ? null : freshness(snapshot, clock.now()),
  }
  const noArm = { runner: null, propensity: null, confidence: null }
  if (trouble !== undefined) {
    return { ...common, ...noArm, kind: 'fallback', tag: fleet.fallbackTag, reason: trouble }
  }
  if (chosen === undefined) {
    const dead = tags.filter((tag) => fleet.deadTags.has(tag)).map((tag) => ` "${tag}" is a dead tag.`)
    const reason = `No runner can take this job; "refused" says why of each.${dead.join('')}`
    return { ...common, ...noArm, kind: 'none', tag: null, reason }
  }
  const { arm, tag, propensity, confidence } = chosen
  return { ...common, kind: 'arm', runner: arm, tag, propensity, confidence }
}

function freshness({ generation, updatedAt, state }: StateSnapshot, now: number): RecommendAnswer['state'] {
  const ageSeconds = updatedAt === null ? null : Math.max(0, now - updatedAt) / MS_PER_SECOND
  return { generation, age_seconds: ageSeconds, observations: totalObservations(state) }
}

/** Hands the decision over; the promise is of its being durable. */
function journal(
  answer: RecommendAnswer,
  query: RecommendQuery,
  jobKey: string,
  policy: Policy,
  snapshot: StateSnapshot | undefined,
  { bus, clock }: RecommendDeps,
): Promise<unknown> {
  const row = encodeRow(recommendationRow, {
    decisionId: answer.decision_id,
    decidedAt: clock.now(),
    kind: answer.kind,
    project: query.project,
    jobName: query.job,
    jobKey,
    jobTags: query.tags ?? null,
    policy: policy.name,
    policyVersion: policy.version,
    arm: answer.runner,
    tag: answer.tag,
    propensity: answer.propensity,
    confidence: answer.confidence,
    feasible: answer.feasible,
    refused: armsByCode(answer.refused),
    reason: answer.reason ?? null,
    stateGeneration: answer.state?.generation ?? null,
    stateAsOfAt: snapshot?.state.newestFinishAt ?? null,
    stateObservations: answer.state?.observations ?? null,
  })
  return bus.publish({ topic: 'recommendations', body: row })
}
