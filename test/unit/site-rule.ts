/** Site rules, stated once more and plainly: fleet.yaml's words about a rule, against one runner. */
import type { JobRequirements } from '../../shared/domain/constraint.ts'
import type { Arm, Runner } from '../../shared/domain/fleet.ts'
import type { SiteFacts, SiteNeeds, SiteRule } from '../../shared/domain/site-rule.ts'
import { mayTake } from './gitlab-rule.ts'

type Job = JobRequirements & { tags: readonly string[]; needs: SiteNeeds; jobKey: string }

/** Job keys are "42/name" here, and the project is called "group/app", "42" and "app". */
const isFor = (jobs: readonly string[] | null, jobKey: string) => {
  if (jobs === null) return true
  const name = jobKey.slice('42/'.length)
  return jobs.some((glob) => {
    const [before, after] = glob.split('*')
    const keys = [`42/${name}`, `group/app/${name}`, `app/${name}`]
    return after === undefined
      ? keys.includes(glob)
      : keys.some(
          (key) => key.length >= glob.length - 1 && key.startsWith(before as string) && key.endsWith(after),
        )
  })
}

const among = (value: string | null, allowed: readonly string[] | null) =>
  value === null || allowed === null || allowed.includes(value)

const MINUTE = 60_000

/** Whether the runner fulfils the rule for the job. What is not known refuses nobody. */
export function fulfils(runner: Runner, rule: SiteRule, job: Job, site: SiteFacts | undefined): boolean {
  if (!isFor(rule.jobs, job.jobKey)) return true
  const facts = site?.runners.get(runner.name)
  switch (rule.type) {
    case 'executor':
      return among(runner.executor, rule.allowed ?? job.needs.executors)
    case 'architecture':
      return among(
        runner.architecture,
        rule.allowed ?? (job.needs.architecture === null ? null : [job.needs.architecture]),
      )
    case 'zone':
      return among(runner.zone, rule.allowed ?? (job.needs.zone === null ? null : [job.needs.zone]))
    case 'gpu': {
      const models = rule.models ?? (job.needs.gpu === null ? null : [job.needs.gpu])
      if (models?.includes('any') && runner.gpu !== 'none') return true
      return among(runner.gpu, models)
    }
    case 'memory':
      return !((runner.memoryGb ?? 1e9) < (rule.atLeastGb ?? job.needs.memoryGb ?? 0))
    case 'cost_ceiling':
      return !(runner.costPerHourEur > rule.eurPerHour)
    case 'free_slots':
      return !((facts?.running ?? -1) >= (runner.slots ?? 1e9))
    case 'online_by_heartbeat':
      return (
        site === undefined || facts?.lastSeenAt == null || site.at <= facts.lastSeenAt + rule.silentAfterMs
      )
    case 'maintenance_window':
      return site === undefined || runner.maintenance.every((window) => !isOpen(window, site.at))
  }
}

/** By the calendar: does a window that began on one of the last eight days contain the instant? */
function isOpen(window: Runner['maintenance'][number], at: number): boolean {
  if (window.kind === 'once') return at >= window.from && at < window.to
  for (let back = 0; back < 8; back += 1) {
    const day = new Date(at - back * 24 * 60 * MINUTE)
    if (!window.days.includes(day.getUTCDay())) continue
    const midnight = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate())
    const lasts = window.toMinute - window.fromMinute
    const from = midnight + window.fromMinute * MINUTE
    const to = from + (lasts > 0 ? lasts : lasts + 24 * 60) * MINUTE
    if (from <= at && at < to) return true
  }
  return false
}

const PASSING = ['online_by_heartbeat', 'free_slots']

/** A runner that fits, in a pool none of whose runners breaks a rule that GitLab cannot know to keep. */
export function isArmFeasible(
  { runners }: Arm,
  rules: readonly SiteRule[],
  job: Job,
  site: SiteFacts | undefined,
): boolean {
  const hard = rules.filter(({ severity }) => severity === 'hard')
  const lasting = hard.filter(({ type }) => !PASSING.includes(type))
  return (
    runners.some(
      (runner) => mayTake(runner, job) && hard.every((rule) => fulfils(runner, rule, job, site)),
    ) && runners.every((runner) => lasting.every((rule) => fulfils(runner, rule, job, site)))
  )
}
