/**
 * What a job is expected to do on an arm, given its key, the arm and the day, over all that chance does in outcome.ts; by
 * quadrature, so that the truth has no Monte Carlo error.
 *
 * With C the moment of a cancellation, of hazard λ: P(success) = (1 − p)(1 − q) E[exp(−λD)], E[f; success] likewise,
 * E[time] = E[(1 − exp(−λT)) / λ] for the T of a success, a failed script and a failed runner.
 */
import { rewardOf } from '../domain/reward.ts'
import { EARLIEST_SCRIPT_FAILURE } from './outcome.ts'
import {
  DRIFT_DAYS,
  LONGEST_SECONDS,
  SHORTEST_SECONDS,
  type SimulatedArm,
  type SimulatedKey,
  type World,
} from './world.ts'

export type Expected = {
  /** Of the product's definition, in [0, 10]. */
  reward: number
  success: number
  runSeconds: number
  costEur: number
}

export type Expectations = {
  /** Kept once it was computed. */
  of(key: number, arm: number, day: number): Expected
  /** E[worth of a success by its seconds; every other end is worth 0]; computed each time. */
  ofSuccess(key: number, arm: number, day: number, worth: (seconds: number) => number): number
}

/** ln(seconds) beside the typical one, and how likely. */
type Nodes = { offsets: Float64Array; weights: Float64Array }

/** The trapezoidal rule for a normal density converges faster than any power of its step. */
const Z_STEP = 0.5
const Z_REACH = 5.5
const TAIL_NODES = 40

const known = new WeakMap<World, Expectations>()

/** The same object for the same world. */
export function expectationsOf(world: World): Expectations {
  const before = known.get(world)
  if (before !== undefined) return before
  const made = expectations(world)
  known.set(world, made)
  return made
}

function expectations(world: World): Expectations {
  const { arms, keys, logSeconds, cancellationsPerHour } = world
  const hazard = cancellationsPerHour / 3600
  const { offsets, weights } = world.durations === 'heavy' ? heavyNodes(world) : exponentialNodes()
  const [shortest, longest] =
    world.durations === 'heavy' ? [SHORTEST_SECONDS, LONGEST_SECONDS] : [0, Infinity]
  const memory = new Map<number, Expected>()

  const typicalOf = (key: number, arm: number, day: number) =>
    (logSeconds[key * arms.length + arm] as number) + (arms[arm] as SimulatedArm).driftPerDay * day

  function mean(typical: number, worth: (seconds: number) => number): number {
    let sum = 0
    for (let node = 0; node < offsets.length; node += 1) {
      const seconds = Math.exp(typical + (offsets[node] as number))
      sum += (weights[node] as number) * worth(Math.min(longest, Math.max(shortest, seconds)))
    }
    return sum
  }

  function ofSuccess(key: number, arm: number, day: number, worth: (seconds: number) => number): number {
    const { failureShare } = arms[arm] as SimulatedArm
    const { scriptFailureShare } = keys[key] as SimulatedKey
    const uncut = mean(typicalOf(key, arm, day), (seconds) => Math.exp(-hazard * seconds) * worth(seconds))
    return (1 - failureShare) * (1 - scriptFailureShare) * uncut
  }

  function expected(key: number, arm: number, day: number): Expected {
    const { failureShare, costPerHourEur } = arms[arm] as SimulatedArm
    const { scriptFailureShare } = keys[key] as SimulatedKey
    const runSeconds = mean(typicalOf(key, arm, day), (seconds) => {
      const ofScript =
        scriptFailureShare * untilCancelled(seconds, EARLIEST_SCRIPT_FAILURE, hazard) +
        (1 - scriptFailureShare) * untilCancelled(seconds, 1, hazard)
      return failureShare * untilCancelled(seconds, 0, hazard) + (1 - failureShare) * ofScript
    })
    return {
      reward: ofSuccess(key, arm, day, (seconds) => rewardOf(true, seconds, costPerHourEur)),
      success: ofSuccess(key, arm, day, () => 1),
      runSeconds,
      costEur: (costPerHourEur * runSeconds) / 3600,
    }
  }

  return {
    of(key, arm, day) {
      const sinceDay = (arms[arm] as SimulatedArm).driftPerDay === 0 ? 0 : day
      const place = (key * arms.length + arm) * (DRIFT_DAYS + 1) + sinceDay
      let found = memory.get(place)
      if (found === undefined) {
        found = expected(key, arm, sinceDay)
        memory.set(place, found)
      }
      return found
    },
    ofSuccess,
  }
}

/** E[min(C, T)], T even between `from` · seconds and all of them. */
function untilCancelled(seconds: number, from: number, hazard: number): number {
  if (hazard === 0) return (seconds * (1 + from)) / 2
  const whole = Math.exp(-hazard * seconds)
  if (from === 1) return (1 - whole) / hazard
  const meanLeft = (Math.exp(-hazard * from * seconds) - whole) / (hazard * seconds * (1 - from))
  return (1 - meanLeft) / hazard
}

/** The normal part, and for a share of the jobs the normal part plus an exponential: the logarithm of a Pareto factor. */
function heavyNodes({ sigma, tailShare, tailExponent }: World): Nodes {
  const offsets: number[] = []
  const weights: number[] = []
  for (let z = -Z_REACH; z <= Z_REACH; z += Z_STEP) {
    const density = (Z_STEP * Math.exp(-(z * z) / 2)) / Math.sqrt(2 * Math.PI)
    offsets.push(sigma * z)
    weights.push((1 - tailShare) * density)
    for (const tail of exponentialQuantiles(TAIL_NODES)) {
      offsets.push(sigma * z + tail / tailExponent)
      weights.push((tailShare * density) / TAIL_NODES)
    }
  }
  return { offsets: Float64Array.from(offsets), weights: Float64Array.from(weights) }
}

function exponentialNodes(): Nodes {
  const quantiles = exponentialQuantiles(2000)
  return {
    offsets: Float64Array.from(quantiles, Math.log),
    weights: new Float64Array(quantiles.length).fill(1 / quantiles.length),
  }
}

/** In the middle of parts of equal probability. */
const exponentialQuantiles = (count: number) =>
  Array.from({ length: count }, (_, index) => -Math.log((index + 0.5) / count))
