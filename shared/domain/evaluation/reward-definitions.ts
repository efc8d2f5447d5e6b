/** The reward definitions that jobs are judged by, and how to speak of each. */

export type RewardName = 'spec' | 'speed' | 'success' | 'time_to_result' | 'cost'

export type RewardDefinition = {
  name: RewardName
  /** What its mean is called. */
  mean: string
  /** After a number; empty where it has no unit. */
  unit: string
  /** What one job earns, in a clause. */
  meaning: string
  /** Minutes and money: less is better. */
  isLowerBetter: boolean
  /** What no job can be below or above; null where there is no bound. */
  least: number
  most: number | null
}

export const REWARDS: readonly RewardDefinition[] = [
  {
    name: 'spec',
    mean: 'the mean reward',
    unit: '',
    meaning: '1/(minutes + cost penalty + 0.1) of a success, 0 of a failed or canceled job; in [0, 10]',
    isLowerBetter: false,
    least: 0,
    most: 10,
  },
  {
    name: 'speed',
    mean: 'the mean speed ratio',
    unit: '',
    meaning:
      'baseline/(baseline + duration) of a success, 0 otherwise; in [0, 1], 0.5 for as long as the job key usually takes',
    isLowerBetter: false,
    least: 0,
    most: 1,
  },
  {
    name: 'success',
    mean: 'the success rate',
    unit: '',
    meaning: '1 of a success, 0 otherwise',
    isLowerBetter: false,
    least: 0,
    most: 1,
  },
  {
    name: 'time_to_result',
    mean: 'the mean time to a result',
    unit: 'minutes',
    meaning: 'minutes in the queue and on the runner; jobs of which they are not known are left out',
    isLowerBetter: true,
    least: 0,
    most: null,
  },
  {
    name: 'cost',
    mean: 'the mean cost of a job',
    unit: 'EUR',
    meaning: 'EUR for the time on the runner; jobs of which it is not known are left out',
    isLowerBetter: true,
    least: 0,
    most: null,
  },
]

export const rewardNames = REWARDS.map(({ name }) => name)

/** @throws RangeError when there is none of that name. */
export function rewardNamed(name: string): RewardDefinition {
  const found = REWARDS.find((reward) => reward.name === name)
  if (found === undefined) throw new RangeError(`there is no reward definition ${name}`)
  return found
}

/** What is beside a bound by rounding alone is on it. */
const ROUNDING = 1e-9

/** Whether a mean of this reward can be so: estimators weigh, and few jobs may weigh to what no job can be. */
export function isPossible(name: string, mean: number): boolean {
  const { least, most } = rewardNamed(name)
  return mean >= least - ROUNDING && (most === null || mean <= most + ROUNDING)
}

/** [0, 10]; "0 and more" where there is no upper bound. */
export function rangeOf(name: string): string {
  const { least, most } = rewardNamed(name)
  return most === null ? `${least} and more` : `[${least}, ${most}]`
}
