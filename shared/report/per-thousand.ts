/** What a difference comes to in things that people feel: hours, money and successes, of a thousand jobs. */
import { decimalsFor, fixed } from '../domain/evaluation/figures.ts'
import type { EvaluationReport, RewardRow } from '../schema/evaluation-report.ts'

const JOBS = 1000
const MINUTES_PER_HOUR = 60

type Unit = { reward: string; factor: number; more: string; less: string; say(amount: string): string }

const UNITS: readonly Unit[] = [
  {
    reward: 'time_to_result',
    factor: JOBS / MINUTES_PER_HOUR,
    more: 'more',
    less: 'fewer',
    say: (amount) => `${amount} hours of waiting and running`,
  },
  { reward: 'cost', factor: JOBS, more: 'more', less: 'less', say: (amount) => `${amount} EUR` },
  { reward: 'success', factor: JOBS, more: 'more', less: 'fewer', say: (amount) => `${amount} successes` },
]

/** Empty without a verdict, and where none of the three is known. */
export function perThousand({ other_rewards: rows, verdict, question }: EvaluationReport): string {
  if (verdict.kind === 'no_verdict') return ''
  const known = UNITS.flatMap((unit) => {
    const row = rows.find(({ reward_name }) => reward_name === unit.reward)
    return row === undefined ? [] : clauseOf(row, unit)
  })
  if (known.length === 0) return ''
  return `By 1,000 jobs: ${known.join('; ')}. These explore, each with its own interval; the verdict is by ${question.reward} alone.`
}

function clauseOf({ difference, low, high }: RewardRow, { factor, more, less, say }: Unit): string[] {
  if (difference === null || low === null || high === null) return []
  const decimals = decimalsFor(((high - low) / 2) * factor)
  const size = (value: number) => fixed(Math.abs(value) * factor, decimals)
  if (low === 0 && high === 0) return [say(`no ${more}`)]
  const clause = say(`${size(difference)} ${difference < 0 ? less : more}`)
  if (low <= 0 && high >= 0) return [`${clause}, or none (${size(low)} ${less} to ${size(high)} ${more})`]
  const [least, most] = difference < 0 ? [high, low] : [low, high]
  return [`${clause} (${size(least)} to ${size(most)})`]
}
