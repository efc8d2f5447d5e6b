/** What was known at the end of each day, with the empirical-Bernstein sequence (evaluation.md 2, "Anytime (a)"). */
import type { IndependentTerm } from './terms.ts'

const ALPHA = 0.05
/** What a reward is divided by to lie in [0, 1]; of the others there is no sequence. */
const RANGE: Partial<Record<string, number>> = { spec: 10, speed: 1, success: 1 }

export type CurveDay = {
  target: string
  rewardName: string
  source: string
  day: string
  jobs: number
  valueOfDay: number
  jobsSoFar: number
  valueSoFar: number
  low: number | null
  high: number | null
}

export function curvesOf(terms: readonly IndependentTerm[]): CurveDay[] {
  const known = terms.filter(({ source }) => source !== 'uniform')
  const name = ({ target, rewardName, source }: IndependentTerm) => `${target} ${rewardName} ${source}`
  return [...Map.groupBy(known, name).values()].flatMap(curveOf)
}

const doublyRobust = ({ weight, reward, modelPolicy, modelAction }: IndependentTerm) =>
  modelPolicy + weight * (reward - modelAction)
const average = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length

function curveOf(unordered: readonly IndependentTerm[]): CurveDay[] {
  const terms = [...unordered].sort(
    (a, b) => a.job.decidedAt - b.job.decidedAt || (a.job.id < b.job.id ? -1 : 1),
  )
  const { target, rewardName, source } = terms[0] as IndependentTerm
  const range = RANGE[rewardName]
  const bounds =
    range === undefined
      ? undefined
      : {
          low: lowerBounds(terms.map(({ weight, reward }) => (weight * reward) / range)),
          high: lowerBounds(terms.map(({ weight, reward }) => weight * (1 - reward / range))),
        }
  const psi = terms.map(doublyRobust)
  let jobsSoFar = 0
  return [...Map.groupBy(terms, ({ job }) => job.day)].map(([day, ofDay]) => {
    jobsSoFar += ofDay.length
    const best = (list: readonly number[] | undefined) => Math.max(...(list ?? []).slice(0, jobsSoFar))
    const within = (share: number) => Math.min(1, Math.max(0, share)) * (range ?? Number.NaN)
    return {
      target,
      rewardName,
      source,
      day,
      jobs: ofDay.length,
      valueOfDay: average(ofDay.map(doublyRobust)),
      jobsSoFar,
      valueSoFar: average(psi.slice(0, jobsSoFar)),
      low: bounds === undefined ? null : within(best(bounds.low)),
      high: bounds === undefined ? null : within(1 - best(bounds.high)),
    }
  })
}

/** A lower bound of the mean of x >= 0 after each of them, which all hold at once with probability 1 − α/2. */
export function lowerBounds(x: readonly number[]): number[] {
  const c = Math.log(2 / ALPHA)
  const lower: number[] = []
  let [sumOfBets, sumOfWins, sumOfVariance] = [0, 0, 0]
  let [sum, sumOfSquares] = [0, 0]
  let [meanBefore, varianceBefore] = [1 / 2, 1 / 4]
  for (const [index, value] of x.entries()) {
    const t = index + 1
    const bet = Math.min(Math.sqrt((2 * c) / (t * Math.log(1 + t) * varianceBefore)), 1 / 2)
    sumOfBets += bet
    sumOfWins += bet * value
    sumOfVariance += (value - meanBefore) ** 2 * (-Math.log(1 - bet) - bet)
    lower.push((sumOfWins - c - sumOfVariance) / sumOfBets)
    const clipped = Math.min(value, 1)
    sum += clipped
    meanBefore = (1 / 2 + sum) / (t + 1)
    sumOfSquares += (clipped - meanBefore) ** 2
    varianceBefore = (1 / 4 + sumOfSquares) / (t + 1)
  }
  return lower
}
