/**
 * smoke: whether a webhook travels from the front door to a row, and a question is answered: for after a deployment.
 *
 * The webhook tells of a job that was canceled before any runner had it. Such a job makes an event, a decision and an
 * outcome, and adds nothing to what is learned (law 5).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { SMOKE_PROJECT } from '../../shared/domain/event.ts'
import { ConfigError, TransientError } from '../../shared/errors.ts'
import { signedHeaders } from '../../shared/runtime/signature.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import { runWhereKept, settingsFor } from './operate.ts'

type SmokeOptions = { url?: string; recommendUrl?: string; timeout: number }

/** No project of a GitLab has it. */
const PROJECT_ID = Number.MAX_SAFE_INTEGER
const ANSWER_MS = 10_000
const POLL_MS = 2000

export function addSmoke(program: Command): void {
  program
    .command('smoke')
    .description('Send a webhook through the front door, wait for its row, and ask for a recommendation.')
    .option('--url <url>', 'where webhooks go (env PUBLIC_URL; else HOST and PORT)')
    .option('--recommend-url <url>', 'where /recommend is, if it has an address of its own')
    .option('--timeout <seconds>', 'how long the row may take', seconds, 180)
    .addHelpText(
      'after',
      `
It is signed with GITLAB_WEBHOOK_SIGNING_TOKEN, or sent with GITLAB_WEBHOOK_TOKEN; the question carries
RUNNER_BANDIT_API_TOKEN. The job is of project ${SMOKE_PROJECT} and was canceled, so nothing is learned from it.`,
    )
    .action(async (options: SmokeOptions, command: Command) => {
      const settings = settingsFor(command)
      const { url = settings.publicUrl ?? `http://${settings.host}:${settings.port}` } = options
      const startedAt = performance.now()
      const say = (line: string) =>
        console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`)
      const jobId = Date.now()
      say(`webhook of job ${jobId}: ${await sendWebhook(`${url}/webhooks/gitlab`, jobId, settings)}`)
      say(`row: ${await rowOf(jobId, settings, options.timeout * 1000)}`)
      say(`recommend: ${await ask(options.recommendUrl ?? url, settings)}`)
    })
}

async function sendWebhook(url: string, jobId: number, settings: Settings): Promise<string> {
  const at = new Date(jobId).toISOString()
  const body = JSON.stringify({
    object_kind: 'build',
    build_id: jobId,
    build_name: 'smoke',
    build_stage: 'smoke',
    build_status: 'canceled',
    build_created_at: at,
    build_started_at: null,
    build_finished_at: at,
    build_duration: null,
    runner: null,
    project_id: PROJECT_ID,
    project: { path_with_namespace: SMOKE_PROJECT },
  })
  const headers = { 'content-type': 'application/json', 'x-gitlab-event': 'Job Hook' }
  const response = await answerOf(url, {
    method: 'POST',
    headers: { ...headers, ...credentials(String(jobId), jobId, body, settings) },
    body,
  })
  const text = (await response.text()).trim()
  if (!/"status":"(accepted|duplicate)"/.test(text))
    throw new TransientError(`the webhook was answered ${response.status}: ${text}`)
  return `${response.status} ${text}`
}

function credentials(id: string, now: number, body: string, settings: Settings): Record<string, string> {
  const [signingToken] = settings.signingTokens ?? []
  const [token] = settings.webhookTokens ?? []
  if (signingToken !== undefined) {
    return signedHeaders(signingToken, id, now, body)
  }
  if (token !== undefined) return { 'x-gitlab-token': token }
  throw new ConfigError('GITLAB_WEBHOOK_SIGNING_TOKEN or GITLAB_WEBHOOK_TOKEN must be set')
}

async function rowOf(jobId: number, settings: Settings, patienceMs: number): Promise<string> {
  const giveUpAt = performance.now() + patienceMs
  const query = `SELECT decision_id, job_status FROM ci_metrics.decision_outcomes
    WHERE project_id = ${PROJECT_ID} AND job_id = ${jobId} AND job_status IS NOT NULL`
  while (true) {
    const rows = (await runWhereKept(settings, 'sql', { query }, () => {})) as Record<string, unknown>[]
    if (rows[0] !== undefined) return `${rows[0].decision_id}, ${rows[0].job_status}, in decision_outcomes`
    if (performance.now() > giveUpAt)
      throw new TransientError(`no row of job ${jobId} came into decision_outcomes in ${patienceMs / 1000} s`)
    await sleep(POLL_MS)
  }
}

async function ask(url: string, settings: Settings): Promise<string> {
  const [token] = settings.apiTokens ?? []
  const response = await answerOf(
    `${url}/recommend?project=${encodeURIComponent(SMOKE_PROJECT)}&job=smoke&tags=any`,
    {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    },
  )
  const text = (await response.text()).trim()
  if (!response.ok) throw new TransientError(`/recommend was answered ${response.status}: ${text}`)
  const { kind, state } = JSON.parse(text) as { kind: string; state: { age_seconds: number | null } | null }
  return `${kind}, from a state ${state?.age_seconds == null ? 'that nobody has written yet' : `of ${state.age_seconds} s ago`}`
}

async function answerOf(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS) })
  } catch (cause) {
    throw new TransientError(`${url} does not answer`, { cause })
  }
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It has to be a number above 0.')
  return value
}
