/**
 * A simulated fleet: seeded, deterministic, and with the truth known.
 *
 * `scenarioOf` draws what developers ask for and what every arm would make of it; `simulate` plays it with one logger;
 * `figuresOf` says what that was like; `compareInControl` does so for several loggers over many seeds; `loggedJobsOf` gives
 * what evaluation would see, with true propensities and expected rewards; `witnessesOf` what GitLab would say.
 */
export { compareInControl, type Interval, intervalOf, type LoggerSummary } from './closed-loop.ts'
export { defaultWorld, type WorldOptions } from './default-world.ts'
export { FIGURES, type Figures, figuresOf } from './figures.ts'
export { fleetTextOf } from './fleet-text.ts'
export {
  type LoggedJobsOptions,
  loggedJobsOf,
  type SimulatedLog,
  type SimulatedReward,
} from './logged-jobs.ts'
export type { Logger } from './logger.ts'
export { loggerNames } from './loggers.ts'
export { SIMULATED_GITLAB, SIMULATED_INSTANCE } from './names.ts'
export { STATUS } from './outcome.ts'
export type { Run } from './play.ts'
export { routedBy } from './routed.ts'
export { type Scenario, scenarioOf, simulate } from './simulate.ts'
export { potentialOutcomesOf, witnessesOf } from './witnesses.ts'
export { type Conditions, type SimulatedArm, type SimulatedKey, type World, worldFrom } from './world.ts'
