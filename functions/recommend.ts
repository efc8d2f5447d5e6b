/**
 * recommend: which runner should take this job.
 *
 * Trigger: GET or POST /recommend, by the API's token or a job's id token. Reads: the newest state, modes and facts in
 * memory, fleet. Writes: topics `recommendations` and `choice-sets`, not awaited. Never blocks a pipeline: no I/O on the
 * way to the answer (but for the first id token: GitLab's keys, for two seconds at most), and on any trouble a tag that
 * the job may carry anyway. Repetition: every answer is a decision of its own.
 */
import { InvalidInputError } from '../shared/errors.ts'
import { agreeing, callerOf, type Said } from '../shared/runtime/ci-callers.ts'
import { refuseWithoutApiToken } from '../shared/runtime/credentials.ts'
import {
  type Asker,
  decideRecommendation,
  headOf,
  journal,
  type RecommendDeps,
} from '../shared/runtime/decide-recommendation.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import { NO_CHOICE } from '../shared/schema/choice-set.ts'
import type { CiJob } from '../shared/schema/ci-job.ts'
import {
  dotenvOf,
  jsonOf,
  parseRecommendQuery,
  type RecommendAnswer,
  readParameters,
} from '../shared/schema/recommend.ts'

type HttpDeps = RecommendDeps & Pick<Deps, 'idTokens'>

const MAX_BODY_BYTES = 65_536
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
    const agreed = agreeing(parameters, saidOf(caller.job, deps))
    if (agreed.refusal !== undefined) return agreed.refusal
    parameters = agreed.parameters
  }
  const asker = caller.job === undefined ? {} : { job: caller.job }
  const { query, text } = answerTo(parameters, asker, deps)
  // As text, since its lists are JSON already.
  return query.format === 'dotenv'
    ? { status: 200, body: text }
    : { status: 200, headers: JSON_HEADERS, body: text }
}

/** What a job may not say otherwise than its id token: its project, by id, path or a name of fleet.yaml, its pipeline, its ref. */
function saidOf(job: CiJob, { fleet }: RecommendDeps): Said {
  const { projectId, projectPath, pipelineId, refProtected } = job
  const named = [...fleet.projectIds].filter(([, id]) => String(id) === projectId).map(([name]) => name)
  return {
    project: [projectId, projectPath, ...named],
    pipeline_id: [pipelineId],
    ...(refProtected === null ? {} : { protected: refProtected ? ['1', 'true'] : ['0', 'false'] }),
  }
}

/**
 * The answer to the parameters of a request: an object, or text for `format=dotenv`.
 * @throws InvalidInputError naming each parameter that is missing or wrong.
 */
export function recommendFor(
  parameters: Iterable<[string, string]>,
  deps: RecommendDeps,
  asker: Asker = {},
): RecommendAnswer | string {
  const { query, text } = answerTo(parameters, asker, deps)
  return query.format === 'dotenv' ? text : (JSON.parse(text) as RecommendAnswer)
}

/** Decides, hands the decision to the journal, and answers. For what is understood it does not throw. */
function answerTo(parameters: Iterable<[string, string]>, asker: Asker, deps: RecommendDeps) {
  const query = parseRecommendQuery(parameters)
  const decided = decideRecommendation(query, asker, deps)
  journal(decided, deps)
  const head = headOf(decided, deps)
  const { feasibleJson, refusedJson } = head.choice_set_id === null ? NO_CHOICE : decided.prepared
  return { query, text: query.format === 'dotenv' ? dotenvOf(head) : jsonOf(head, feasibleJson, refusedJson) }
}
