/**
 * What a CI job is not told: a project in mode `shadow` is recommended something that nobody acts on, so that its jobs
 * run as they would have run without it. What /recommend does not tell no later question tells a job, either.
 */
import type { RecordedDecision } from './explanation.ts'

export const NOT_TOLD = 'not told: the project is in mode shadow'

/** As a CI job may know it: also who could be chosen from, and with what scores, would say who was picked. */
export function toldToJob(decision: RecordedDecision): RecordedDecision {
  if (decision.kind !== 'recommendation' || decision.mode !== 'shadow') return decision
  return {
    ...decision,
    result: 'untold',
    arm: null,
    tag: null,
    propensity: null,
    confidence: null,
    parameters: {},
    feasible: [],
    refused: {},
    isSetKnown: false,
    reason: NOT_TOLD,
    state: null,
  }
}
