/** Estimators on simulated logs, whose truth is known: `validateEstimators` tells bias, coverage and power over many of them. */
export { type Estimated, estimatedOn, type MeasuredName } from './estimated.ts'
export { playedLog, type Sample, sampleFrom } from './sample.ts'
export type { Measured } from './tally.ts'
export { prefixOf, type Source, type TargetName } from './targets.ts'
export {
  type CheckRow,
  type EstimatorRow,
  type TargetRow,
  VALIDATED_LOGGERS,
  type ValidatedLogger,
  type Validation,
  type ValidationOptions,
  validateEstimators,
} from './validate.ts'
