import { expect, test } from 'vitest'
import { createTally } from '../../../functions/local/demo/tally.ts'
import { decisionRow, encodeRow, outcomeRow } from '../../../shared/schema/rows.ts'

const NOON = '2026-09-21T12:00:00.000Z'

function decision(
  jobId: number,
  late: boolean,
  picks: Record<string, string | null>,
  actual: string | null = 'a',
) {
  return encodeRow(decisionRow, {
    decisionId: `demo/${jobId}/${late}`,
    instance: 'gitlab.demo.invalid',
    projectId: 101,
    projectPath: 'example/backoffice',
    jobId,
    pipelineId: 7,
    parentPipelineId: null,
    startedAt: null,
    jobTags: null,
    jobKey: '101/unit',
    jobName: 'unit',
    stage: 'test',
    source: 'synthetic',
    decidedAt: Date.parse(NOON),
    decidedLate: late,
    actualRunner: actual,
    actualUnmanaged: false,
    mabRunner: 'z',
    nsaiRunner: 'a',
    nsaiFeasibleCount: 2,
    nsaiConfidence: 0.5,
    mabWouldMatch: false,
    nsaiWouldMatch: true,
    tagsSource: 'unknown',
    attempt: 0,
    seed: null,
    knownCount: 3,
    feasible: [],
    refused: {},
    choices: [
      { policy: 'ucb1', version: '1', set: 'known' as const, arm: 'z', probability: 1 },
      ...Object.entries(picks).map(([policy, arm]) => ({
        policy,
        version: '1',
        set: 'feasible' as const,
        arm,
        probability: 1,
      })),
    ],
    stateGeneration: '0',
    stateAsOfAt: null,
    stateLagSeconds: null,
    stateObservations: 0,
  })
}

function outcome(jobId: number, words: { arm?: string | null; seconds?: number } = {}) {
  const { arm = 'a', seconds = 60 } = words
  return encodeRow(outcomeRow, {
    eventId: `demo/${jobId}`,
    instance: 'gitlab.demo.invalid',
    projectId: 101,
    jobId,
    jobStatus: 'success',
    jobDuration: seconds,
    queuedSeconds: 1,
    failureReason: null,
    runnerFailure: false,
    arm,
    reward: 1,
    costEur: 0,
    finishedAt: Date.parse(NOON),
    receivedAt: Date.parse(NOON),
    late: false,
    routingDecisionId: null,
  })
}

const seen = (tally: ReturnType<typeof createTally>) =>
  tally.newest().map(({ picks, arm, seconds }) => ({ pick: picks.get('ucb1'), arm, seconds }))

test('shows a job when it was decided on and has ended', () => {
  const tally = createTally(10)
  tally.take('runner_decisions', [decision(1, false, { ucb1: 'b' }), decision(2, false, { ucb1: 'b' })])
  expect(tally.newest()).toEqual([])
  tally.take('job_outcomes', [outcome(2), outcome(3)])
  expect(tally.newest()).toEqual([
    {
      project: 'backoffice',
      name: 'unit',
      arm: 'a',
      picks: new Map([['ucb1', 'b']]),
      status: 'success',
      runnerFailure: false,
      seconds: 60,
      finishedAt: Date.parse(NOON),
    },
  ])
})

test.each([
  ['the start first', ['start', 'late']],
  ['the late one first', ['late', 'start']],
])('takes the decision at the start before the late one: %s', (_name, order) => {
  const tally = createTally(10)
  for (const kind of order) {
    tally.take('runner_decisions', [decision(1, kind === 'late', { ucb1: kind })])
    tally.take('job_outcomes', [outcome(1)])
  }
  expect(seen(tally)).toEqual([{ pick: 'start', arm: 'a', seconds: 60 }])
})

test('takes the first of a decision that was written twice', () => {
  const tally = createTally(10)
  for (const pick of ['first', 'second'])
    tally.take('runner_decisions', [decision(1, false, { ucb1: pick }), decision(2, true, { ucb1: pick })])
  tally.take('job_outcomes', [outcome(1), outcome(2)])
  expect(seen(tally).map(({ pick }) => pick)).toEqual(['first', 'first'])
})

test('takes the first outcome, and the arm that ended the job before the one that started it', () => {
  const tally = createTally(10)
  tally.take('runner_decisions', [decision(1, false, { ucb1: 'b' }, 'a')])
  tally.take('job_outcomes', [outcome(1, { arm: 'c', seconds: 5 }), outcome(1, { arm: 'd', seconds: 6 })])
  expect(seen(tally)).toEqual([{ pick: 'b', arm: 'c', seconds: 5 }])
})

test('keeps the newest only', () => {
  const tally = createTally(3)
  for (const jobId of [5, 1, 4, 2, 3]) {
    tally.take('runner_decisions', [decision(jobId, true, { ucb1: `pick ${jobId}` })])
    tally.take('job_outcomes', [outcome(jobId)])
  }
  expect(seen(tally).map(({ pick }) => pick)).toEqual(['pick 4', 'pick 2', 'pick 3'])
})

test('has nothing to say of other tables', () => {
  const tally = createTally(3)
  tally.take('job_events', [{ any: 'row' }])
  expect(tally.newest()).toEqual([])
})
