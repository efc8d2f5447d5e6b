/** The answer of /explain. */
import {
  type RecordedDecision,
  type RecordedOutcome,
  type Statistics,
  statisticsOf,
} from '../domain/explanation.ts'
import { refusalsOf, refusedCount, relaxationsOfRecord } from '../domain/explanation-refusals.ts'
import { textOf } from '../domain/explanation-text.ts'

export type Explanation = ReturnType<typeof explanationOf>

/** Four parts, and a paragraph that says them. */
export function explanationOf(decision: RecordedDecision, outcome: RecordedOutcome | null) {
  const statistics = statisticsOf(decision)
  return {
    text: textOf(decision, statistics, outcome),
    decision: decisionJson(decision, outcome),
    symbolic: symbolicJson(decision),
    statistical: statisticalJson(statistics),
    outcome: outcome === null ? null : outcomeJson(outcome),
  }
}

function decisionJson(decision: RecordedDecision, outcome: RecordedOutcome | null) {
  const { canary, state } = decision
  return {
    decision_id: decision.decisionId,
    kind: decision.kind,
    decided_at: isoOf(decision.decidedAt),
    decided_late: decision.decidedLate,
    project: decision.project,
    job_name: decision.jobName,
    job_id: decision.jobId ?? outcome?.jobId ?? null,
    job_tags: decision.jobTags,
    policy: decision.policy,
    policy_version: decision.policyVersion,
    result: decision.result,
    arm: decision.arm,
    tag: decision.tag,
    propensity: decision.propensity,
    mode: decision.mode,
    routed: decision.routed,
    canary_share: canary?.share ?? null,
    canary_group: canary?.group ?? null,
    reason: decision.reason,
    state:
      state === null
        ? null
        : {
            generation: state.generation,
            as_of_at: state.asOfAt === null ? null : isoOf(state.asOfAt),
            observations: state.observations,
          },
  }
}

function symbolicJson({ feasible, refused, jobTags }: RecordedDecision) {
  return {
    known_count: feasible.length + refusedCount(refused),
    feasible: feasible.map(({ arm }) => arm),
    refused: refusalsOf(refused, jobTags),
    relaxations: feasible.length > 0 ? [] : relaxationsOfRecord(refused),
  }
}

function statisticalJson({ arms, nextBest, change }: Statistics) {
  return {
    arms: arms.map((arm) => ({
      arm: arm.arm,
      observations: arm.observations,
      mean_reward: arm.meanReward,
      bonus: arm.bonus,
      penalty: arm.penalty,
      score: arm.score,
      probability: arm.probability,
      probability_of_best: arm.probabilityOfBest,
    })),
    change:
      nextBest === null
        ? null
        : {
            pick: nextBest.pick,
            runner_up: nextBest.runnerUp,
            gap: nextBest.gap,
            runner_up_mean_reward_rises_by: nextBest.rise,
            pick_mean_reward_falls_by: nextBest.fall,
            more_jobs: change?.moreJobs ?? null,
            after_one_more_failure: change?.afterFailure ?? null,
          },
  }
}

function outcomeJson(outcome: RecordedOutcome) {
  return {
    job_id: outcome.jobId,
    runner: outcome.runner,
    was_pick: outcome.wasPick,
    was_routed: outcome.wasRouted,
    status: outcome.status,
    duration_seconds: outcome.durationSeconds,
    reward: outcome.reward,
    cost_eur: outcome.costEur,
    failure_reason: outcome.failureReason,
    finished_at: outcome.finishedAt === null ? null : isoOf(outcome.finishedAt),
    picks: outcome.others,
  }
}

const isoOf = (at: number) => new Date(at).toISOString()
