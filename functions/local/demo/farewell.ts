/** What the demo says when it ends: what was seen, and what to try next. */
import type { Instant } from '../../../shared/domain/event.ts'
import type { ArmFacts, DemoFacts } from './facts.ts'

const HOUR_MS = 3_600_000

export type DemoRun = {
  startsAt: Instant
  /** How long it took. */
  realMs: number
  dataFolder: string
}

export function farewell(facts: DemoFacts, { startsAt, realMs, dataFolder }: DemoRun): string {
  const folder = /[^\w./-]/.test(dataFolder) ? `'${dataFolder}'` : dataFolder
  return [
    '',
    `You saw ${hoursText(facts.playedAt - startsAt)} of a played GitLab in ${Math.round(realMs / 1000)} seconds: ` +
      `${facts.jobs.ended} jobs ended, and the bandit learned from ${facts.learnedFrom}.`,
    ...seenOf(facts),
    '',
    `All of it is kept in ${dataFolder}, marked synthetic, until the next demo. Try:`,
    `  npx runner-bandit evaluate --data ${folder}`,
    `  npx runner-bandit stats --data ${folder}`,
    `  npx runner-bandit recommend --project 101 --job unit --tags docker-any --data ${folder}`,
    `  npx runner-bandit sql "SELECT job_name, actual_runner, nsai_runner FROM ci_metrics.decision_outcomes LIMIT 9" --data ${folder}`,
    '',
    'Then with your own GitLab:',
    '  npm start                          listens, and says what to paste into GitLab',
    '  npx runner-bandit backfill --help  learns from the jobs that have already run there',
  ].join('\n')
}

/** What the first policy would now do otherwise than GitLab, in the numbers of the table. */
function seenOf({ policies, arms }: DemoFacts): string[] {
  const { policy, favourites: [favourite] = [] } = policies[0] ?? {}
  const offered = arms.filter(
    ({ arm, meanReward }) => meanReward !== null && favourite?.offered.includes(arm),
  )
  const best = offered.find(({ arm }) => arm === favourite?.arms[0])
  const [worst] = offered.toSorted((a, b) => (a.meanReward ?? 0) - (b.meanReward ?? 0))
  if (best === undefined || worst === undefined || worst === best) return []
  return [
    `A job for ${favourite?.tag}: ${policy} would give it to ${best.arm} now (mean reward ${reward(best)});`,
    `GitLab has given ${worst.jobs} jobs to ${worst.arm} (${reward(worst)}).`,
  ]
}

const reward = ({ meanReward }: ArmFacts) => meanReward?.toFixed(2) ?? '–'

function hoursText(ms: number): string {
  const hours = Math.round(ms / HOUR_MS)
  const days = Math.floor(hours / 24)
  const part = `${hours % 24} hours`
  return days === 0 ? part : `${days} ${days === 1 ? 'day' : 'days'} and ${part}`
}
