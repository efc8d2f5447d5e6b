/** Looking again and again while a log grows: does an interval hold the truth at every look? */
import { bernsteinSequence } from '../../domain/evaluation/confidence-sequence.ts'
import { EVALUATION } from '../../domain/evaluation/settings.ts'
import { drOf, mean } from './estimated.ts'
import type { Sample } from './sample.ts'
import { type Prefix, prefixOf, type Source, TARGETS, type TargetName } from './targets.ts'

/** Of one log: whether the truth so far was held at all looks together, and at the last. */
export type Held = { always: boolean; atEnd: boolean }
export type Looked = {
  target: TargetName
  source: Source
  /** At which `evaluate` would have answered: enough pipelines, and enough effective jobs. */
  answeredLooks: number
  /** At those. The t interval is for one look, and so wrong here. */
  t: Held
  asymptotic: Held
  /** Also at those before. */
  asymptoticEarly: Held
  /** At every single job. */
  bernstein: Held
}

/** Sources that a sequence is shown of. */
const LOOKED_SOURCES = ['true', 'estimated'] as const
/** With fewer pipelines `evaluate` gives no verdict. */
const FEWEST_CLUSTERS = 30

/**
 * @param whole the prefix of all jobs.
 * @param growth each look is at so many times as many jobs as the one before: error and truth change with the logarithm.
 */
export function lookedAt(sample: Sample, whole: Prefix, growth: number): Looked[] {
  const prefixes = [...looksOf(whole, growth).map((count) => prefixOf(sample, count)), whole]
  return LOOKED_SOURCES.flatMap((source) =>
    TARGETS.map((target) => {
      const [t, asymptotic, asymptoticEarly] = [notYet(), notYet(), notYet()]
      let answeredLooks = 0
      for (const prefix of prefixes) {
        const { dr, effective } = drOf(target, prefix.terms(target, source))
        const truth = mean(prefix.truths(target))
        look(asymptoticEarly, dr.sequenceLow, dr.sequenceHigh, truth)
        if (effective < EVALUATION.fewestEffective) continue
        answeredLooks += 1
        look(t, dr.low, dr.high, truth)
        look(asymptotic, dr.sequenceLow, dr.sequenceHigh, truth)
      }
      const bernstein = bernsteinHeld(whole, target, source)
      return { target, source, answeredLooks, t, asymptotic, asymptoticEarly, bernstein }
    }),
  )
}

/** Numbers of jobs, ascending, the whole log's not among them. */
function looksOf({ jobs }: Prefix, growth: number): number[] {
  const clusters = new Set<string>()
  const first = jobs.findIndex(({ cluster }) => clusters.add(cluster).size === FEWEST_CLUSTERS) + 1
  if (first === 0) return []
  const looks: number[] = []
  for (let count = jobs.length / growth; count >= first; count /= growth) looks.unshift(Math.round(count))
  return looks
}

function bernsteinHeld(whole: Prefix, target: TargetName, source: Source): Held {
  const truths = whole.truths(target)
  const sequence = bernsteinSequence()
  const held = notYet()
  let sum = 0
  for (const [place, { weight, reward }] of whole.terms(target, source).entries()) {
    sequence.add(weight, reward)
    sum += truths[place] as number
    const { low, high } = sequence.bounds()
    look(held, low, high, sum / (place + 1))
  }
  return held
}

const notYet = (): Held => ({ always: true, atEnd: true })

function look(held: Held, low: number | null, high: number | null, truth: number): void {
  held.atEnd = low !== null && high !== null && low <= truth && truth <= high
  held.always &&= held.atEnd
}
