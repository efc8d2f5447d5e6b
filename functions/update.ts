/**
 * update: a job's own report of its end, for who cannot have webhooks.
 *
 * Trigger: POST /update, with the API's token or the job's id token, which reports of its own job alone; closed while
 * neither is configured. Reads: fleet, settings, log. Writes: topics
 * `job-events`, `quarantine`. Repetition: as for webhooks, and with them: one job is one event, and the first report of
 * it counts. A job knows only how long it took until it reported, so a webhook of the same job usually disagrees.
 */
import { eventIdOf } from '../shared/domain/event.ts'
import { InvalidInputError } from '../shared/errors.ts'
import { agreeing, callerOf, type Said } from '../shared/runtime/ci-callers.ts'
import { refuseReport } from '../shared/runtime/credentials.ts'
import { loggedClaims } from '../shared/runtime/event-log.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import { liveContext, publishIntakes } from '../shared/runtime/publish-intake.ts'
import type { CiJob } from '../shared/schema/ci-job.ts'
import { takeInWitness } from '../shared/schema/intake.ts'
import { readParameters } from '../shared/schema/recommend.ts'
import { readUpdate } from '../shared/schema/update.ts'

type UpdateDeps = Pick<
  Deps,
  'bus' | 'clock' | 'fleet' | 'idTokens' | 'settings' | 'unmanagedArms' | 'log' | 'warehouse'
>

const MAX_BODY_BYTES = 65_536

/** @throws InvalidInputError naming each parameter that is missing or wrong. */
export async function update(request: HttpRequest, deps: UpdateDeps): Promise<HttpResponse> {
  const { headers } = request
  const caller = await callerOf(headers, deps, () => refuseReport(headers, deps.settings))
  if (caller.refusal !== undefined) return caller.refusal
  const body = await request.body(MAX_BODY_BYTES)
  if (body === undefined)
    throw new InvalidInputError(`update: the body is longer than ${MAX_BODY_BYTES} bytes`)
  const given = readParameters(headers['content-type'], body, 'update')
  const agreed = agreeing(given, caller.job === undefined ? {} : saidOf(caller.job))
  if (agreed.refusal !== undefined) return agreed.refusal
  const context = liveContext('update', null, deps)
  const { witness, lacks } = readUpdate(agreed.parameters, context.receivedAt)
  // A report may come at any time and says itself when the job ended, so it is never late, and the ids and keys of its
  // job may be forgotten: the log is not. In the cloud the bus remembers nothing, and the view takes the first.
  const eventId = eventIdOf(context.instance, witness.projectId, witness.jobId, witness.kind)
  if (deps.settings.cloud === undefined) {
    const { first } = await loggedClaims([eventId], deps.warehouse)
    deps.bus.remember([...first].map(([key, claim]) => ({ key, claim })))
  }
  const [answer] = await publishIntakes([takeInWitness(witness, body, context)], deps)
  const warning = lacks.length === 0 ? {} : { warning: `Nothing is learned from it: ${lacks.join('; ')}.` }
  return { status: 202, body: { ...answer, ...warning } }
}

/** What a job may not say otherwise than its id token. */
function saidOf({ projectId, projectPath, jobId, pipelineId, runnerId }: CiJob): Said {
  return {
    project_id: [projectId],
    project_path: [projectPath],
    job_id: [jobId],
    pipeline_id: [pipelineId],
    ...(runnerId === null ? {} : { runner_id: [runnerId] }),
  }
}
