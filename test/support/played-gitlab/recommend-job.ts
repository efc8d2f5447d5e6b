/** A pipeline's job that asks where others shall run, and the trigger job that sends them there (gitlab.md 4). */
import type { CiJob, JobSpec, TriggerSpec, Variables } from './pipeline.ts'

export type Asking = {
  /** The service under test. */
  serviceUrl: string
  /** The id token that GitLab gives to a job. */
  idToken: (job: CiJob) => string
  method?: 'GET' | 'POST'
  /** What is asked besides job and tags. */
  extra?: Variables
  /** Where the asking job itself runs. */
  tags?: readonly string[]
  /** Told of every answer. */
  onAnswer?: (asked: { job: CiJob; name: string; variables: Variables }) => void
}

/** After this the job takes what it would have had without asking. */
const PATIENCE_MS = 5000

/** A job that asks for each of these, and the trigger job whose child pipeline runs them with the tags of the answers. */
export function routed(jobs: readonly JobSpec[], asking: Asking): [JobSpec, TriggerSpec] {
  const name = 'mab:route'
  const asks: JobSpec = {
    name,
    stage: '.pre',
    tags: asking.tags ?? [],
    seconds: 2,
    allowFailure: true,
    async script(own) {
      const tags: Record<string, string> = {}
      for (const [index, job] of jobs.entries()) tags[`TAG_${index}`] = await tagFor(own, job, asking)
      return tags
    },
  }
  const child = jobs.map((job, index) => ({ ...job, tags: [`$TAG_${index}`] }))
  return [asks, { name: 'mab:routed', stage: 'test', needs: name, trigger: child }]
}

async function tagFor(own: CiJob, job: JobSpec, asking: Asking): Promise<string> {
  const { serviceUrl, idToken, method = 'GET', extra = {}, onAnswer } = asking
  const parameters = new URLSearchParams({
    job: job.name,
    tags: job.tags.join(','),
    protected: String(own.protected),
    format: 'dotenv',
    ...extra,
  })
  const headers = { authorization: `Bearer ${idToken(own)}` }
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const response = await (method === 'GET'
    ? fetch(`${serviceUrl}/recommend?${parameters}`, { headers, signal })
    : fetch(`${serviceUrl}/recommend`, { method, headers, body: parameters, signal })
  ).catch(() => undefined)
  const fallback = extra.fallback ?? job.tags[0] ?? ''
  const variables = response?.status === 200 ? dotenvOf(await response.text()) : { MAB_RUNNER_TAG: fallback }
  onAnswer?.({ job: own, name: job.name, variables })
  return variables.MAB_RUNNER_TAG ?? fallback
}

/** A dotenv report: one `KEY=value` per line, nothing quoted. */
function dotenvOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '')
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}
