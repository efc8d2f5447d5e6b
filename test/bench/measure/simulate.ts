/** How fast the simulator plays its default world: what developers ask for included, figures left out. */
import { defaultWorld, scenarioOf, simulate } from '../../../shared/simulator/index.ts'
import { type Alone, alone, type Values } from '../measurement.ts'
import { type Contender, cpuNs, interleave } from '../rounds.ts'

export const measure = alone(import.meta.filename)

const JOBS = 200_000
/** Its probabilities are integrated anew for every job. */
const FEW_JOBS = 4000
const MINUTE_NS = 60e9

export async function inside({ rounds }: Alone): Promise<Values> {
  const perMinute = await interleave(rounds, {
    sticky: playing('sticky', JOBS),
    ucb1: playing('ucb1', JOBS),
    thompson: playing('thompson', FEW_JOBS),
  })
  return {
    'simulated jobs, sticky': perMinute.sticky,
    'simulated jobs, ucb1': perMinute.ucb1,
    'simulated jobs, thompson': perMinute.thompson,
  }
}

/** Millions of jobs in a minute of CPU time. */
function playing(logger: string, jobs: number): Contender {
  const world = defaultWorld()
  let seed = 0
  return () => {
    seed += 1
    const start = cpuNs()
    simulate(scenarioOf(world, seed, jobs), logger)
    return ((jobs / (cpuNs() - start)) * MINUTE_NS) / 1e6
  }
}
