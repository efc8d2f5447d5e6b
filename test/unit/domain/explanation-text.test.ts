/** The paragraph, word by word; its numbers were computed by hand. */
import { describe, expect, test } from 'vitest'
import type { RecordedDecision, RecordedOutcome } from '../../../shared/domain/explanation.ts'
import { explanationOf } from '../../../shared/schema/explanation-answer.ts'
import { recordedArm, recordedDecision, recordedOutcome } from '../../support/recorded-decision.ts'

const textOf = (decision: Partial<RecordedDecision>, outcome: RecordedOutcome | null = null) =>
  explanationOf(recordedDecision(decision), outcome).text

const pick = (policy: string, set: 'known' | 'feasible', arm: string) => ({
  policy,
  version: '1',
  set,
  arm,
  probability: 1,
})

const UNKNOWN = ' What became of the job is not known, or not yet.'
const REWARD =
  " A job's reward is 1 / (its minutes + its cost in EUR + 0.1) when it succeeds, and 0 when it fails."

// t = 500. 2 · sqrt(ln 500 / n): 0.3069 of 264, 0.4986 of 100, 0.8310 of 36.
const three = [
  recordedArm({ arm: 'Linux Yoga', observations: 36, meanReward: 0.75 }),
  recordedArm({ arm: 'Mac', observations: 100, meanReward: 0.9 }),
  recordedArm({ arm: 'Mac2', observations: 264, meanReward: 1.38 }),
]
const state = { generation: 'g', asOfAt: null, observations: 500 }
const kubernetes = Array.from({ length: 7 }, (_, index) => `k8s ${index}`)

test('a recommendation of UCB1, what would have changed it, and what became of it', () => {
  const decision = {
    arm: 'Mac2',
    tag: 'mac2-docker',
    confidence: 0.9876,
    feasible: three,
    refused: { tags_missing: kubernetes, offline: ['k8s 0', 'far'] },
    state,
    mode: 'autonomous',
    routed: true,
  }
  // Scores 1.6869, 1.5810, 1.3986; the gap 0.1059. By trying: 248 more jobs; one failure leaves 1.6811.
  expect(textOf(decision, recordedOutcome({ runner: 'Nordic', wasPick: false, wasRouted: true }))).toBe(
    [
      'UCB1 (the best mean reward, with a bonus for runners that are little known) picked Mac2 for',
      'example/backoffice/build (job 7) on 2026-11-21 at 12:03 UTC. Of 11 runners 3 could take it (7 lack the tag',
      '"docker-any", 1 was offline). It has the best score, 1.69 = a mean reward of 1.38 from 264 jobs + 0.31 for',
      'what is not known of it; the next, Linux Yoga, has 1.58.',
      REWARD.trim(),
      'It would be Linux Yoga if its mean reward were 0.11 higher or that of Mac2 0.11 lower. After 248 more jobs',
      'on Mac2 with the same mean it would be Linux Yoga, since what is not known of a runner shrinks with its',
      'jobs; one more failure there would not change the choice. From what was known then, the probability that it',
      'is the best of them is 99 %. Answered in mode autonomous: the job was told to carry the tag mac2-docker.',
      'It ran on Nordic, which was not the pick although it was sent there, and succeeded in 1:33,',
      'which is a reward of 0.61.',
    ].join(' '),
  )
})

test('a decision in the shadow, with what other policies would have picked', () => {
  const decision: Partial<RecordedDecision> = {
    kind: 'shadow',
    jobId: 7,
    jobTags: null,
    arm: 'Mac2',
    tag: null,
    feasible: [recordedArm({ arm: 'Mac2' })],
    refused: { tags_unknown: ['x'], unmanaged: ['y'], 'rule:no gpu jobs': ['z'] },
  }
  const others = [
    pick('ucb1', 'known', 'x'),
    pick('ucb1', 'feasible', 'Mac2'),
    pick('thompson', 'feasible', 'Mac2'),
    pick('uniform', 'feasible', 'x'),
  ]
  const outcome = recordedOutcome({ status: 'failed', reward: 0, failureReason: 'script_failure', others })
  expect(textOf(decision, outcome)).toBe(
    [
      'example/backoffice/build, job 7, was decided on in the shadow, on 2026-11-21 at 12:03 UTC: nobody acted on',
      'it. When it started, UCB1 (the best mean reward, with a bonus for runners that are little known) would have',
      'picked Mac2. Of 4 runners only 1 could take it (1 is not known to have served the job, whose tags are not',
      'known, 1 was not described in fleet.yaml, 1 does not fulfil the rule "no gpu jobs" of fleet.yaml). It ran on',
      'a, the pick, and failed after 1:33 (script_failure), which is a reward of 0.00. Other ways to choose would',
      'have picked: x (ucb1 with every rule ignored, uniform); Mac2 (thompson).',
    ].join(' '),
  )
  const running = recordedOutcome({ runner: null, wasPick: null, status: null, durationSeconds: null })
  expect(textOf({ ...decision, arm: null, result: 'none', feasible: [], refused: {} }, running)).toBe(
    [
      'example/backoffice/build, job 7, was decided on in the shadow, on 2026-11-21 at 12:03 UTC: nobody acted on',
      'it. When it started, no runner could be picked. No runner is known. It ran on no runner that is known, and',
      'has not ended, as far as is known.',
    ].join(' '),
  )
})

describe('a policy that draws', () => {
  const drawn = ['a', 'b', 'c', 'd', 'e'].map((arm, index) =>
    recordedArm({ arm, observations: 1, probability: [0.004, 0.6, 0.2, 0.1, 0.096][index] as number }),
  )
  const alike = drawn.slice(0, 4).map((arm) => ({ ...arm, probability: 0.25 }))

  test('says by which chance', () => {
    expect(textOf({ policy: 'thompson', feasible: drawn, propensity: 0.004 })).toBe(
      `Thompson sampling (each runner as often as it is likely to be the best) picked a for example/backoffice/build on 2026-11-21 at 12:03 UTC. All 5 runners could take it. It was drawn; its chance was less than 1 %, that of b 60 %, that of c 20 %, that of d 10 %, that of all others 10 %.${UNKNOWN}`,
    )
    expect(textOf({ policy: 'uniform', feasible: alike, propensity: 0.25 })).toContain(
      ' It was drawn; each had the same chance, 25 %.',
    )
  })

  test('in canary says who chose, and the chance of the whole draw', () => {
    const canary = { policy: 'thompson', mode: 'canary', feasible: drawn, propensity: 0.18, routed: true }
    expect(textOf({ ...canary, canary: { share: 0.1, group: 'uniform' } })).toContain(
      ' its chance was less than 1 %, 18 % with the draw of the canary counted in, that of b 60 %,',
    )
    expect(textOf({ ...canary, canary: { share: 0.1, group: 'uniform' } })).toContain(
      ' Answered in mode canary, in which the policy chooses for 10 % of the pipelines and chance for the others, as a control; here the runner was drawn by chance, and the job was told to carry the tag own-a.',
    )
    expect(textOf({ ...canary, canary: { share: 0.1, group: 'policy' } })).toContain(
      '; here the policy chose, and the job',
    )
  })

  test('a canary that drew another arm than UCB1 takes says whose score is best', () => {
    const canary = { share: 0.1, group: 'uniform' }
    expect(textOf({ arm: 'Mac', feasible: three, state, mode: 'canary', canary })).toContain(
      ' By its score it would have been Mac2: that has the best score, 1.69 = ',
    )
  })
})

describe('no runner', () => {
  test('is explained by what refused, and what would have to be otherwise', () => {
    const none = { result: 'none' as const, arm: null, tag: null, feasible: [], jobTags: ['a', 'b'] }
    const refused = { tags_missing: ['x', 'y'], paused: ['y', 'z'], ref_not_protected: ['z'] }
    expect(textOf({ ...none, refused, reason: 'Why it is so.' })).toBe(
      `No runner could be picked for example/backoffice/build on 2026-11-21 at 12:03 UTC. Why it is so. All 3 runners were refused (2 lack one of the tags "a", "b", 1 takes jobs of protected refs only). But for the tags that it asks for x could have taken it.${UNKNOWN}`,
    )
  })

  test('and no decision name the fallback', () => {
    const fallback = {
      result: 'fallback' as const,
      arm: null,
      tag: 'any-runner',
      feasible: [],
      isSetKnown: false,
    }
    expect(textOf({ ...fallback, reason: 'The log says why.' })).toBe(
      `No runner was picked for example/backoffice/build on 2026-11-21 at 12:03 UTC, so it was given the fallback tag any-runner. The log says why.${UNKNOWN}`,
    )
  })
})

describe('it is said', () => {
  test.each<[string, Partial<RecordedDecision>, string]>([
    [
      'that an arm was never tried',
      { feasible: [recordedArm({ arm: 'a' }), ...three], state },
      ' It was never tried, and such runners go first.',
    ],
    ['that the set is not written', { feasible: [], isSetKnown: false }, ' is not written, or not yet. '],
    [
      'that advice was given',
      { mode: 'advisory', routed: false },
      ' advisory: the job was to keep its own tag.',
    ],
    ['that nothing was told', { mode: 'shadow', routed: false }, ' the pick was recorded and not told.'],
    [
      'what a soft rule cost',
      { feasible: [...three.slice(0, 2), { ...(three[2] as (typeof three)[0]), penalty: 0.05 }], state },
      ' 1.64 = a mean reward of 1.38 from 264 jobs + 0.31 for what is not known of it - 0.05 for rules that it should fulfil and does not;',
    ],
    [
      'that the bonus decided',
      {
        feasible: [
          recordedArm({ arm: 'a', observations: 2, meanReward: 1 }),
          recordedArm({ arm: 'b', observations: 98, meanReward: 2 }),
        ],
        state: { ...state, observations: 100 },
      },
      ' and 0 when it fails. Another has a better mean reward: the pick was made to learn more of a runner that is little known. It would be b if',
    ],
    [
      'what the pessimist takes off',
      {
        policy: 'greedy',
        feasible: [
          recordedArm({ arm: 'a', observations: 9, meanReward: 1, score: 0.75 }),
          recordedArm({ arm: 'b' }),
        ],
      },
      ' 0.75 = a mean reward of 1.00 from 9 jobs - 0.25 for what is not known of it; b was never tried.',
    ],
  ])('%s', (_what, decision, words) => {
    expect(textOf(decision)).toContain(words)
  })

  test('that a million jobs would not change it', () => {
    // The other has half as many jobs and no reward: 2 · sqrt(ln(1e6 + 3e4) / 1e4) is 0.07.
    const feasible = [
      recordedArm({ arm: 'a', observations: 20_000, meanReward: 5 }),
      recordedArm({ arm: 'b', observations: 10_000, meanReward: 0 }),
    ]
    expect(textOf({ feasible, state: { ...state, observations: 30_000 } })).toContain(
      ' Not even 1,000,000 more jobs on a with the same mean would change the choice; one more failure there would not change the choice.',
    )
  })
})
