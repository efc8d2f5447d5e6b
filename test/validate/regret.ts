/** Regret against the numbers of evaluation.md 3, which another program found. */
import { thompsonWith } from '../../shared/domain/policies/thompson.ts'
import { ucb1With } from '../../shared/domain/policies/ucb1.ts'
import { ucb1TunedWith } from '../../shared/domain/policies/ucb1-tuned.ts'
import { AUER, atOnce, byHundredths, regretOf } from './bernoulli.ts'
import { delayedRegret } from './delay.ts'
import { deviationOf, type Estimate, estimateOf } from './estimate.ts'
import { equal, type Finding, rising, shown } from './finding.ts'
import { betaThompson, betaTimesSpeed, type MakePlayer, playerOf } from './player.ts'
import { samplerOf } from './sampling.ts'

const PLAYS = 100_000
const NUMBERS = [2, 3, 11, 12, 13, 14]
/** Each a mean of so many runs. */
const THEIR_RUNS = 100

/** With the digits that evaluation.md gives; in the order of NUMBERS. */
const THEIRS = {
  'UCB1, c = √2': ['173', '174', '625', '1019', '1520', '1519'],
  'UCB1, c = 2': ['310', '305', '1203', '1847', '2650', '2653'],
  'UCB1-Tuned': ['25.7', '24.5', '83', '145', '240', '221'],
  Thompson: ['14', '30', '65', '86', '120', '240'],
}

const PLAYERS: Readonly<Record<keyof typeof THEIRS, MakePlayer>> = {
  'UCB1, c = √2': playerOf(ucb1With({ c: Math.SQRT2 })),
  'UCB1, c = 2': playerOf(ucb1With({ c: 2 })),
  'UCB1-Tuned': playerOf(ucb1TunedWith({ range: 1 })),
  Thompson: betaThompson,
}

/** The product's, without the share that is the uniform policy's. */
const productThompson = playerOf(thompsonWith({ uniformShare: 0 }))

export function auer(runs: number): Finding[] {
  return Object.entries(THEIRS).flatMap(([name, numbers]) =>
    NUMBERS.map((number, place) => {
      const regrets = regretsOn(number, PLAYERS[name as keyof typeof THEIRS], runs, name)
      return equal(`Auer ${number}, ${name}`, theirs(numbers[place] as string, regrets), estimateOf(regrets))
    }),
  )
}

/**
 * The product's Thompson sampling integrates, and learns how fast arms are, too, which here are all alike: that costs
 * some plays of each arm. One that samples from the same posteriors must lose as much. They are told a thousand times
 * what happened, not 100,000 times; plain Thompson sampling, told as seldom, shows that this changes nothing.
 */
export function auerProduct(runs: number): Finding[] {
  return NUMBERS.flatMap((number, place) => {
    const of = (name: string, make: MakePlayer) => regretsOn(number, make, runs, name, byHundredths)
    const plain = of('told by hundredths', betaThompson)
    const sampled = estimateOf(of('with speed', betaTimesSpeed))
    const integrated = estimateOf(of('integrated', productThompson))
    const published = theirs(THEIRS.Thompson[place] as string, plain)
    return [
      equal(`Auer ${number}, Thompson, told seldom`, published, estimateOf(plain)),
      shown(`Auer ${number}, Thompson with speed, sampled`, sampled),
      equal(`Auer ${number}, the product's, integrated`, sampled, integrated),
    ]
  })
}

const STEPS = 1_000_000
/** By the delay; means of 50 runs. */
const DELAYED: Readonly<Record<number, Estimate>> = {
  1: { mean: 9511, error: 70 },
  3: { mean: 9525, error: 74 },
  10: { mean: 9551, error: 60 },
  32: { mean: 9795, error: 79 },
  100: { mean: 11_234, error: 77 },
}

export function delay(runs: number): Finding[] {
  const found = Object.keys(DELAYED).map((delay) => delayedBy(Number(delay), betaThompson, runs))
  return [
    ...Object.entries(DELAYED).map(([delay, expected], place) =>
      equal(`Chapelle and Li, delay ${delay}, Thompson`, expected, found[place] as Estimate),
    ),
    rising('Chapelle and Li, least step to a longer delay', found),
  ]
}

/** Only the long delays: with the short ones the product would integrate 100,000 times and more. */
export function delayProduct(runs: number): Finding[] {
  return [32, 100].map((delay) =>
    shown(`Chapelle and Li, delay ${delay}, the product's Thompson`, delayedBy(delay, productThompson, runs)),
  )
}

function regretsOn(number: number, make: MakePlayer, runs: number, name: string, isTold = atOnce): number[] {
  return timesOf(runs, (run) =>
    regretOf(
      make,
      AUER[number] as readonly number[],
      PLAYS,
      samplerOf(`auer/${number}/${name}/${run}`),
      isTold,
    ),
  )
}

function delayedBy(delay: number, make: MakePlayer, runs: number): Estimate {
  return estimateOf(
    timesOf(runs, (run) => delayedRegret(make, delay, STEPS, samplerOf(`delay/${delay}/${run}`))),
  )
}

/** No error is given of these numbers: as many runs of ours would have this one; and what rounding hides. */
function theirs(text: string, regrets: readonly number[]): Estimate {
  const decimals = text.split('.')[1]?.length ?? 0
  const rounding = 10 ** -decimals / Math.sqrt(12)
  return { mean: Number(text), error: Math.hypot(deviationOf(regrets) / Math.sqrt(THEIR_RUNS), rounding) }
}

function timesOf<T>(count: number, make: (run: number) => T): T[] {
  return Array.from({ length: count }, (_, run) => make(run))
}
