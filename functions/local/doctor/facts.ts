/** Checks of what is in the data folder, from the numbers of `inspect`. */

import { LOOPBACK } from '../../../shared/schema/settings-schema.ts'
import type { Inspection, Outline, TableFacts } from '../../inspect.ts'
import { type Check, failed, named, ok, skipped, span, warning } from './check.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS
const PATIENCE_MS = 10 * MINUTE_MS
const CLOCK_TOLERANCE_MS = 5 * MINUTE_MS
const LONG_SILENCE_MS = DAY_MS
const MANY_A_DAY = 100

/** What GitLab and fleet.yaml tell before the first webhook. */
export type BeforeWebhooks = {
  /** Of a project that fleet.yaml gives an id. */
  projectId: number | null
  isHooked: boolean
}

/** @param run the command line, with what it needs to find the folder. */
export function checkFacts(
  facts: Inspection,
  outline: Outline,
  run: (command: string) => string,
  before?: BeforeWebhooks,
): Check[] {
  return [
    named('State', stateVerdict(facts, run)),
    named('Queues', queueVerdict(facts, outline)),
    named('Dead letters', deadLetterVerdict(facts, run)),
    named('Quarantine', quarantineVerdict(facts, outline, run)),
    named('Webhooks', webhookVerdict(facts, outline, run, before)),
    named('Arms', armVerdict(facts, run)),
    named('Clock', clockVerdict(facts)),
  ]
}

/** The same names, when there is nothing to judge. */
export function skipFacts(reason: string): Check[] {
  const names = ['State', 'Queues', 'Dead letters', 'Quarantine', 'Webhooks', 'Arms', 'Clock']
  return names.map((name) => named(name, skipped(reason)))
}

function stateVerdict({ state }: Inspection, run: (command: string) => string) {
  if (state.fault !== null) {
    const isNewer = state.fault.includes('newer version')
    return failed(state.fault, isNewer ? 'Run the newer version.' : run('rebuild'))
  }
  const counted = `${state.observations} observations`
  if (state.isWhatLogSays === null) return ok(`${counted}; to be compared with the log when nothing waits`)
  if (state.isWhatLogSays) return ok(`${counted}, as in the log`)
  return failed(`${counted}, and the log says otherwise`, run('rebuild'))
}

function queueVerdict({ queues, oldestWaitingAt, now }: Inspection, { queueMaxMessages }: Outline) {
  const waiting = Object.entries(queues).filter(([, depth]) => depth > 0)
  const finding = waiting.map(([name, depth]) => `${depth} for ${name}`).join(', ')
  const mend = 'Look for message.deferred in the log of the server: it says why.'
  if (Math.max(0, ...Object.values(queues)) >= queueMaxMessages)
    return failed(`full: ${finding}; webhooks are refused`, mend)
  const age = oldestWaitingAt === null ? 0 : now - oldestWaitingAt
  if (age > PATIENCE_MS) return warning(`${finding}; the oldest has waited for ${span(age)}`, mend)
  return ok(waiting.length === 0 ? 'nothing waits' : finding)
}

function deadLetterVerdict({ deadLetters }: Inspection, run: (command: string) => string) {
  if (deadLetters === null) return ok('counted by the monitoring of the cloud')
  if (deadLetters === 0) return ok('none')
  const finding = `${deadLetters} messages were given up on: "${run('dead-letters list')}" says why`
  return warning(finding, run('dead-letters redrive'))
}

export function quarantineVerdict(
  { quarantine }: TableFacts,
  { quarantineMaxRows }: Pick<Outline, 'quarantineMaxRows'>,
  run: (command: string) => string,
) {
  const { bodies, lastDay } = quarantine
  const finding = `${bodies} bodies, ${lastDay} of them in the last day`
  if (bodies >= quarantineMaxRows && bodies > 0)
    return warning(`${finding}; it is full, further ones are not kept`, run('quarantine redrive'))
  if (lastDay > MANY_A_DAY) return warning(finding, run('quarantine list'))
  return ok(bodies === 0 ? 'empty' : finding)
}

export function webhookVerdict(
  { newestWebhookAt, newestProjectId, now }: TableFacts,
  { host, publicUrl }: Pick<Outline, 'host' | 'publicUrl'>,
  run: (command: string) => string,
  { projectId, isHooked }: BeforeWebhooks = { projectId: null, isHooked: false },
) {
  const project = newestProjectId ?? projectId ?? 'ID'
  const hook = run(`hook install --project ${project} --url ${publicUrl ?? 'https://…'}`)
  if (newestWebhookAt === null && isHooked)
    return warning(
      'none was ever received, though GitLab has the webhook',
      'Run a job in that project: GitLab tells of it when it starts.',
    )
  if (newestWebhookAt === null) {
    const isReachable = publicUrl !== null || !LOOPBACK.test(host)
    const why = isReachable ? '' : '; GitLab cannot reach a loopback address, so set PUBLIC_URL, too'
    return warning(`none was ever received${why}`, hook)
  }
  const age = now - newestWebhookAt
  if (age <= LONG_SILENCE_MS) return ok(`the last came ${span(age)} ago`)
  const finding = `the last came ${span(age)} ago; if jobs ran since, GitLab may have disabled the webhook`
  return warning(finding, hook)
}

export function armVerdict(
  { lastWeek: { finishes, unmanaged } }: TableFacts,
  run: (command: string) => string,
) {
  if (finishes === 0) return skipped('no job ended in the last seven days')
  const share = `${unmanaged} of ${finishes} jobs of the last seven days`
  if (unmanaged * 10 <= finishes) return ok(`${share} ran on runners that fleet.yaml does not describe`)
  const finding = `${share} ran on runners that fleet.yaml does not describe, so these are never recommended`
  return warning(finding, `${run('stats')}   (names them; describe them in fleet.yaml)`)
}

function clockVerdict({ now, newestReceivedAt, lastResetAt, quarantine }: Inspection) {
  const mend = 'timedatectl status   (set the clock of this machine by NTP)'
  const ahead = Math.max(newestReceivedAt ?? 0, lastResetAt) - now
  if (ahead > CLOCK_TOLERANCE_MS)
    return failed(`it is ${span(ahead)} behind the newest moment that was written down`, mend)
  const { lastWeekInFuture } = quarantine
  if (lastWeekInFuture > 0)
    return warning(`${lastWeekInFuture} jobs of the last seven days came from its future`, mend)
  return ok(new Date(now).toISOString())
}
