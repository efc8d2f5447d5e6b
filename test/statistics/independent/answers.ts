/** The answers: a target's values by every estimator, and pairs of targets on the jobs that both have a term of. */
import { clusterVariance, ESTIMATORS, type Estimator, effectiveSampleSize, estimated } from './estimators.ts'
import { doubles } from './field.ts'
import { holm, type Interval, intervalOf, pValue } from './intervals.ts'
import type { IndependentJob } from './jobs.ts'
import type { IndependentTerm } from './terms.ts'

const LIMITS = { clip: 10, switchAt: 10 }
const ALPHA = 0.05

type Group = { target: string; decided: string; rewardName: string; source: string; period: string }

export type Answer = Group & {
  estimator: Estimator
  jobs: number
  clusters: number
  value: number | null
  standardError: number | null
  interval: Interval | null
  meanWeight: number
  maxWeight: number
  effectiveSampleSize: number | null
  feasibleShare: number
}

export type Compared = Omit<Group, 'decided'> & {
  against: string
  estimator: 'dr' | 'ips'
  jobs: number
  clusters: number
  difference: number
  standardError: number | null
  interval: Interval | null
  pValue: number | null
  pHolm: number | null
}

const monthOf = ({ job }: IndependentTerm) => job.day.slice(0, 7)

const total = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0)
const average = (list: readonly number[]) => total(list) / list.length

/** What is picked again in a fold was learned from the four others, so that the means of the five are correlated by a fifth. */
const varianceFactor = (target: string) => (target.endsWith('/rescored') ? 1 + 4 / 5 : 1)

/** By target, reward, source and period. */
export function grouped(terms: readonly IndependentTerm[]): [Group, IndependentTerm[]][] {
  const inPeriods = [...Map.groupBy(terms, monthOf), ['all', terms] as [string, readonly IndependentTerm[]]]
  return inPeriods.flatMap(([period, ofPeriod]) => {
    const name = ({ target, rewardName, source }: IndependentTerm) => `${target} ${rewardName} ${source}`
    return [...Map.groupBy(ofPeriod, name).values()].map((list): [Group, IndependentTerm[]] => {
      const { target, decided, rewardName, source } = list[0] as IndependentTerm
      return [{ target, decided, rewardName, source, period }, list]
    })
  })
}

export function valuesOf(terms: readonly IndependentTerm[]): Answer[] {
  return grouped(terms).flatMap(([group, list]) => {
    const clusterOfRow = list.map(({ cluster }) => cluster)
    const clusters = new Set(clusterOfRow).size
    const weights = list.map(({ weight }) => weight)
    const ofWeights = {
      meanWeight: average(weights),
      maxWeight: Math.max(...weights),
      effectiveSampleSize: effectiveSampleSize(weights, doubles),
      feasibleShare: average(list.map(({ feasible }) => feasible)),
    }
    return ESTIMATORS.map((estimator) => {
      const answer = estimated(estimator, list, LIMITS, doubles)
      const variance = answer && clusterVariance(clusterOfRow, answer.influences, doubles)
      const standardError = variance === null ? null : Math.sqrt(variance * varianceFactor(group.target))
      return {
        ...group,
        estimator,
        jobs: list.length,
        clusters,
        value: answer?.value ?? null,
        standardError,
        interval:
          answer === null || standardError === null
            ? null
            : intervalOf(answer.value, standardError, clusters),
        ...ofWeights,
      }
    })
  })
}

export function comparisonsOf(terms: readonly IndependentTerm[]): Compared[] {
  const familyOf = ({ rewardName, source, period }: Group) => `${rewardName} ${source} ${period}`
  return [...Map.groupBy(grouped(terms), ([group]) => familyOf(group)).values()].flatMap((family) =>
    (['dr', 'ips'] as const).flatMap((estimator) => {
      const jobs = [...new Set(family.flatMap(([, list]) => list.map(({ job }) => job)))]
      const members = family.map(([group, list]) => ({ group, psi: psiOfJobs(jobs, list, estimator) }))
      const compared = members.flatMap((a) =>
        members
          .filter(({ group: { target } }) => isPair(a.group.target, target))
          .flatMap((b) => pairOf(jobs, a, b, estimator) ?? []),
      )
      const adjusted = holm(compared.map((one) => one.pValue))
      return compared.map((one, index) => ({ ...one, pHolm: adjusted[index] ?? null }))
    }),
  )
}

/** Each pair once: against what was logged, or against a target that comes later. */
const isPair = (a: string, b: string) => a !== 'logged' && (b === 'logged' || a < b)

/** ψ of each job in their order; undefined where the target has no term of it. */
type Member = { group: Group; psi: readonly (number | undefined)[] }

function psiOfJobs(
  jobs: readonly IndependentJob[],
  terms: readonly IndependentTerm[],
  estimator: 'dr' | 'ips',
): Member['psi'] {
  const ofJob = new Map(
    terms.map(({ job, weight, reward, modelPolicy, modelAction }) => [
      job,
      estimator === 'ips' ? weight * reward : modelPolicy + weight * (reward - modelAction),
    ]),
  )
  return jobs.map((job) => ofJob.get(job))
}

function pairOf(
  jobs: readonly IndependentJob[],
  a: Member,
  b: Member,
  estimator: 'dr' | 'ips',
): Omit<Compared, 'pHolm'> | undefined {
  const shared: IndependentJob[] = []
  const differences: number[] = []
  for (const [index, job] of jobs.entries()) {
    const [ofA, ofB] = [a.psi[index], b.psi[index]]
    if (ofA === undefined || ofB === undefined) continue
    shared.push(job)
    differences.push(ofA - ofB)
  }
  if (shared.length === 0) return undefined
  const difference = average(differences)
  const clusterOfRow = shared.map(({ cluster }) => cluster)
  const clusters = new Set(clusterOfRow).size
  const influences = differences.map((one) => one - difference)
  const variance = clusterVariance(clusterOfRow, influences, doubles)
  const { target, rewardName, source, period } = a.group
  const factor = Math.max(varianceFactor(target), varianceFactor(b.group.target))
  const standardError = variance === null ? null : Math.sqrt(variance * factor)
  return {
    target,
    against: b.group.target,
    rewardName,
    source,
    period,
    estimator,
    jobs: shared.length,
    clusters,
    difference,
    standardError,
    interval: standardError === null ? null : intervalOf(difference, standardError, clusters),
    pValue: standardError === null ? null : pValue(difference, standardError, clusters),
  }
}

export const isDifferent = (pHolm: number | null) => (pHolm === null ? null : pHolm < ALPHA)
