/** Results of the upkeep commands as text for a terminal. */
import type { DeadLetterReport } from '../dead-letters.ts'
import type { QuarantineReport, RedriveReport } from '../quarantine.ts'
import type { ResetReport } from '../reset.ts'
import type { ReshardReport } from '../reshard.ts'
import { rows } from './say.ts'

export function quarantined({ quarantined: count, by_code, newest }: QuarantineReport): string {
  if (count === 0) return 'Quarantine is empty.'
  const table = newest.map(({ quarantine_id, received_at, code, project_id, job_id, reason }) => ({
    id: quarantine_id,
    received_at,
    code,
    project: project_id,
    job: job_id,
    reason,
  }))
  const advice = 'After an update, "npx runner-bandit quarantine redrive" takes them in again.'
  return [rows(by_code), '', rows(table), `${count} bodies in quarantine. ${advice}`].join('\n')
}

export function bodiesRedriven({
  bodies,
  accepted,
  duplicates,
  ignored,
  left,
  stayed,
}: RedriveReport): string {
  const events = `${accepted} events accepted, ${duplicates} duplicates, ${ignored} ignored`
  return `${bodies} bodies: ${events}. ${left} left quarantine, ${stayed} are still not understood.`
}

export function dropped({ dropped: count }: { dropped: number }): string {
  return `${count} bodies dropped.`
}

export function deadLetters({ dead_letters: count, newest }: DeadLetterReport): string {
  if (count === 0 || (count === null && newest.length === 0)) return 'There are no dead letters.'
  const table = newest.map(({ subscription, about, reason, died_at }) => ({
    subscription,
    about,
    reason,
    died_at,
  }))
  return `${rows(table)}\n${count ?? `At least ${newest.length}`} dead letters. "npx runner-bandit dead-letters redrive" gives them back, once what was wrong is mended.`
}

export function redriven(report: {
  redriven: Record<string, number>
  dead_letters: number | null
  rebuilt: boolean
}): string {
  const counts = Object.entries(report.redriven).map(([name, count]) => `${count} to ${name}`)
  const given = counts.length === 0 ? 'There was nothing to give back.' : `Given back: ${counts.join(', ')}.`
  const rest = (report.dead_letters ?? 0) === 0 ? [] : [`Dead letters now: ${report.dead_letters}.`]
  const rebuilt = report.rebuilt ? ['The state was made anew from the log.'] : []
  return [given, ...rest, ...rebuilt].join('\n')
}

export function reset(report: ResetReport | { would_forget: number }): string {
  if ('would_forget' in report) {
    return `Nothing was changed. "reset --yes" forgets ${report.would_forget} observations: the bandit starts anew with what comes then.
The log, the decisions and a copy of the state are kept; the same history sent again would count again.`
  }
  const { state_observations: observations, backup, reset_at: at } = report
  const copy =
    backup === null ? 'There was no state to keep a copy of.' : `The state before is kept in ${backup}.`
  return `${observations} observations forgotten; what is received after ${at} counts.\n${copy}`
}

export function resharded({ shards, before, observations }: ReshardReport): string {
  if (before === null) return `The state is in ${shards} shards already.`
  return `The state of ${observations} observations is in ${shards} shards now, and was in ${before}. Deploy functions with BANDIT_STATE_SHARDS=${shards}: until then nothing is learned, and what comes waits.`
}
