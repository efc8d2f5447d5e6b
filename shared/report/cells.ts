/** Numbers as cells: a dash for what is not known. */

import { decimalsFor, fixed, grouped, percent, signed } from '../domain/evaluation/figures.ts'
import { isPossible, rangeOf } from '../domain/evaluation/reward-definitions.ts'
import type { Cell } from './document.ts'

const NONE = '–'

type Maybe = number | null | undefined
type Interval = { low: number | null; high: number | null }

const ifKnown = (value: Maybe, say: (value: number) => string): string =>
  value === null || value === undefined || !Number.isFinite(value) ? NONE : say(value)

export const count = (value: Maybe): string => ifKnown(value, grouped)
export const share = (value: Maybe): string => ifKnown(value, percent)
export const figure = (value: Maybe, decimals = 3): string =>
  ifKnown(value, (known) => fixed(known, decimals))
export const difference = (value: Maybe, decimals = 3): string =>
  ifKnown(value, (known) => signed(known, decimals))

/** As many decimals as the narrowest of the intervals is worth; a column of numbers has one number of them. */
export function decimalsOf(intervals: readonly Interval[]): number {
  const widths = intervals.flatMap(({ low, high }) =>
    low === null || high === null || !(high > low) ? [] : [(high - low) / 2],
  )
  return widths.length === 0 ? 3 : Math.min(5, Math.max(...widths.map(decimalsFor)))
}

export const interval = ({ low, high }: Interval, decimals: number): string =>
  low === null || high === null ? NONE : `${fixed(low, decimals)} to ${fixed(high, decimals)}`

export const differences = ({ low, high }: Interval, decimals: number): string =>
  low === null || high === null ? NONE : `${signed(low, decimals)} to ${signed(high, decimals)}`

/** p values below what anybody reads are told as bounds. */
export const pValue = (value: Maybe): string =>
  ifKnown(value, (known) => (known < 0.0001 ? '< 0.0001' : fixed(known, 4)))

export const yes = (isYes: boolean | null, words: readonly [yes: string, no: string]): Cell => {
  if (isYes === null) return NONE
  return isYes ? { text: words[0], tone: 'good' } : { text: words[1], tone: 'bad' }
}

/** A mean that no jobs can have is marked, and not cut: that would hide how little is known. */
export const mean = (value: Maybe, reward: string, decimals = 3): Cell =>
  isKnown(value) && !isPossible(reward, value)
    ? { text: `${figure(value, decimals)} (impossible)`, tone: 'warning' }
    : figure(value, decimals)

/** Of rows with such a mean. Empty where there is none. */
export const impossibleNote = (values: readonly Maybe[], reward: string): string =>
  values.some((value) => isKnown(value) && !isPossible(reward, value))
    ? `“Impossible”: outside of ${rangeOf(reward)}, where no mean of ${reward} can be. Too few jobs weigh too much there to be an estimate; nothing is cut to what is possible.`
    : ''

const isKnown = (value: Maybe): value is number => value !== null && value !== undefined

/** "the mean reward" at an axis. */
export const nameOf = (mean: string): string => mean.replace(/^the /, '')
