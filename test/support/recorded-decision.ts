/** Recorded decisions for tests of their explanations: whatever a test does not name has a harmless value. */
import type { RecordedArm, RecordedDecision, RecordedOutcome } from '../../shared/domain/explanation.ts'

export function recordedArm(overrides: Partial<RecordedArm> & { arm: string }): RecordedArm {
  return { observations: 0, meanReward: null, score: null, probability: null, penalty: 0, ...overrides }
}

/** UCB1 recommended `a`, the only arm there is, at 12:03 on 21 November 2026. */
export function recordedDecision(overrides: Partial<RecordedDecision> = {}): RecordedDecision {
  return {
    decisionId: 'd',
    kind: 'recommendation',
    decidedAt: Date.parse('2026-11-21T12:03:59.999Z'),
    decidedLate: false,
    project: 'example/backoffice',
    jobName: 'build',
    jobId: null,
    jobTags: ['docker-any'],
    policy: 'ucb1',
    policyVersion: '1',
    parameters: { c: 2 },
    result: 'arm',
    arm: 'a',
    tag: 'own-a',
    propensity: 1,
    confidence: null,
    feasible: [recordedArm({ arm: 'a' })],
    refused: {},
    isSetKnown: true,
    reason: null,
    mode: null,
    routed: null,
    canary: null,
    state: { generation: 'g', asOfAt: null, observations: 0 },
    ...overrides,
  }
}

/** Job 7 succeeded on `a`, which was the pick, in 93 seconds. */
export function recordedOutcome(overrides: Partial<RecordedOutcome> = {}): RecordedOutcome {
  return {
    jobId: 7,
    runner: 'a',
    wasPick: true,
    status: 'success',
    durationSeconds: 93,
    reward: 0.606,
    costEur: 0,
    failureReason: null,
    finishedAt: Date.parse('2026-11-21T12:06:00Z'),
    wasRouted: false,
    others: [],
    ...overrides,
  }
}
