/** A seed played with one logger: the same jobs, outages and potential outcomes for every logger. */
import { type Chance, chanceOf } from './chance.ts'
import { type Expectations, expectationsOf } from './expectation.ts'
import type { Logger } from './logger.ts'
import { type LoggerContext, loggerNamed } from './loggers.ts'
import { type Outcome, outcomesOf } from './outcome.ts'
import { play, type Run } from './play.ts'
import { type Workload, workloadOf } from './workload.ts'
import type { World } from './world.ts'

export type Scenario = {
  world: World
  workload: Workload
  chance: Chance
  /** What the job would do on the arm. */
  outcomeOf(job: number, arm: number): Outcome
  expectations: Expectations
}

export function scenarioOf(world: World, seed: string | number, jobs: number): Scenario {
  const chance = chanceOf(seed)
  const workload = workloadOf(world, chance, jobs)
  return {
    world,
    workload,
    chance,
    outcomeOf: outcomesOf(world, workload, chance),
    expectations: expectationsOf(world),
  }
}

/**
 * @param logger one that has learned nothing, or the name of one.
 * @throws RangeError for a name that no logger has.
 */
export function simulate(scenario: Scenario, logger: string | ((context: LoggerContext) => Logger)): Run {
  const { world, workload, outcomeOf, chance } = scenario
  const made = typeof logger === 'string' ? loggerNamed(logger, scenario) : logger(scenario)
  if (made === undefined) throw new RangeError(`no logger is called ${logger}`)
  return play(world, workload, outcomeOf, made, chance)
}
