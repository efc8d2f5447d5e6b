/** Checks of what answers at an address: the deployed functions, and the clocks of those whose answers carry a date. */
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import type { Instant } from '../../../shared/domain/event.ts'
import type { Clock } from '../../../shared/ports.ts'
import { failed, ok, skipped, span, type Verdict, warning } from '../../local/doctor/check.ts'

export type Answer = { status: number; body: string }
/** How far a clock is ahead of this machine's; null when nobody answered. */
export type ClockFacts = Readonly<Record<string, number | null>>

const ANSWER_MS = 10_000
/** An instance that has just started reads the state when it is first asked. */
const HEALTH_TRIES = 4
const HEALTH_PAUSE_MS = 1000
const UNAVAILABLE = 503
/** Signed deliveries may be so old; what is further in the future is quarantined. */
const CLOCK_TOLERANCE_MS = 5 * 60_000
/** The header has no fractions of a second. */
const HALF_A_SECOND_MS = 500

const health = z.object({ ready: z.boolean(), state: z.object({ age_seconds: z.number().nullable() }) })

export async function gatherClocks(addresses: Record<string, string>, clock: Clock): Promise<ClockFacts> {
  const aheadOf = async (url: string): Promise<number | null> => {
    const before = clock.now()
    const response = await answerTo(url, { method: 'HEAD', redirect: 'manual' })
    const at: Instant = Date.parse(response?.headers.get('date') ?? '')
    return Number.isNaN(at) ? null : at + HALF_A_SECOND_MS - (before + clock.now()) / 2
  }
  const asked = Object.entries(addresses).map(async ([of, url]) => [of, await aheadOf(url)] as const)
  return Object.fromEntries(await Promise.all(asked))
}

/** Null when nobody answers. */
export async function askHealth(url: string): Promise<Answer | null> {
  let answer: Answer | null = null
  for (let tries = 1; tries <= HEALTH_TRIES; tries += 1) {
    answer = await answered(`${url}/health`, {})
    if (answer?.status !== UNAVAILABLE) return answer
    await sleep(HEALTH_PAUSE_MS)
  }
  return answer
}

/** A webhook of nobody. */
export function knock(url: string): Promise<Answer | null> {
  const headers = { 'content-type': 'application/json', 'x-gitlab-event': 'Job Hook' }
  return answered(`${url}/webhooks/gitlab`, { method: 'POST', headers, body: '{}' })
}

async function answered(url: string, init: RequestInit): Promise<Answer | null> {
  const response = await answerTo(url, { ...init, redirect: 'manual' })
  return response && { status: response.status, body: await response.text().catch(() => '') }
}

async function answerTo(url: string, init: RequestInit): Promise<Response | null> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS) })
  } catch {
    return null
  }
}

export function clockVerdict(clocks: ClockFacts): Verdict {
  const known = Object.entries(clocks).flatMap(([of, ahead]) => (ahead === null ? [] : [{ of, ahead }]))
  if (known.length === 0) return skipped('nobody answered with a date')
  const off = known.filter(({ ahead }) => Math.abs(ahead) > CLOCK_TOLERANCE_MS)
  const told = known.map(
    ({ of, ahead }) => `${span(Math.abs(ahead))} ${ahead > 0 ? 'behind' : 'ahead of'} that of ${of}`,
  )
  if (off.length === 0) return ok(`it is ${told.join(', ')}`)
  const isHere = off.length === known.length
  const mend = isHere
    ? 'timedatectl status   (set the clock of this machine by NTP)'
    : `Set the clock of ${off.map(({ of }) => of).join(', ')}: functions refuse signatures of its time.`
  return failed(`it is ${told.join(', ')}`, mend)
}

export function recommendVerdict(answer: Answer | null, url: string): Verdict {
  const refused = refusal(answer, url)
  if (refused !== undefined) return refused
  const { status, body } = answer as Answer
  const told = health.safeParse(parsed(body)).data
  if (told?.ready) {
    const age = told.state.age_seconds
    return ok(
      `ready, ${age === null ? 'from a state that nobody has written yet' : `its state is ${span(age * 1000)} old`}`,
    )
  }
  if (told !== undefined)
    return warning(`it lives, and has no state to answer from: ${url}/health`, logOf('recommend'))
  if (status !== 404) return failed(`${url}/health answers ${status}`, logOf('recommend'))
  const mend = 'Say it: --recommend-url "$(terraform -chdir=infra output -raw recommend_url)"'
  return failed(`there is no /health at ${url}: recommend has an address of its own`, mend)
}

export function ingestVerdict(answer: Answer | null, url: string): Verdict {
  const refused = refusal(answer, url)
  if (refused !== undefined) return refused
  const { status } = answer as Answer
  if (status === 401) return ok(`${url} refuses a webhook without a token`)
  if (status < 300) {
    const mend =
      'Nobody may be let in so: what answers there is not ingest of this version; look at PUBLIC_URL.'
    return failed(`${url} takes a webhook without a token (${status})`, mend)
  }
  return failed(`${url}/webhooks/gitlab answers ${status}, not 401`, logOf('ingest'))
}

/** What has the same reason wherever it is asked. */
function refusal(answer: Answer | null, url: string): Verdict | undefined {
  if (answer === null) {
    const mend = 'terraform -chdir=infra output   (tells the addresses of the functions)'
    return failed(`${url} does not answer`, mend)
  }
  if (answer.status !== 403) return undefined
  const mend =
    'docs/deploy.md, "Troubleshooting": run.invoker of the caller, or ingress through the load balancer alone.'
  return failed(`${url} answers 403: Cloud Run lets nobody through to the function`, mend)
}

const logOf = (service: string) =>
  `gcloud functions logs read runner-bandit-${service} --limit=20   (with --region; says what is wrong)`

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
