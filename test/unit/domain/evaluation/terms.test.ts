import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clusterOf,
  foldOf,
  type LoggedJob,
  signatureOf,
} from '../../../../shared/domain/evaluation/logged-job.ts'
import { loggedTermsOf, termsOf } from '../../../../shared/domain/evaluation/terms.ts'

const job: LoggedJob = {
  id: '1',
  cluster: 'p',
  fold: 3,
  jobKey: 'k',
  startedAt: 0,
  action: 'a',
  feasible: ['a', 'b'],
  free: ['a', 'b'],
  previousArm: '',
  recordedPropensity: 0.25,
  reward: 0.5,
}
const q = (fold: number, jobKey: string, arm: string) =>
  fold === 3 && jobKey === 'k' ? ({ a: 2, b: 4 }[arm] ?? 100) : -1
const recorded = ({ recordedPropensity }: LoggedJob) => recordedPropensity

describe('terms', () => {
  // 0.2/0.25, and 0.2 · 2 + 0.5 · 4; what would have gone to the infeasible z earns nothing.
  test('weigh the logged action, and expect nothing of infeasible arms', () => {
    const target = () => new Map(Object.entries({ a: 0.2, b: 0.5, z: 0.3 }))
    const [term, ...others] = termsOf([job], target, recorded, q)
    expect(others).toEqual([])
    expect(term).toMatchObject({ cluster: 'p', reward: 0.5, feasible: 0.7, modelAction: 2 })
    expect(term?.weight).toBeCloseTo(0.8, 15)
    expect(term?.modelPolicy).toBeCloseTo(2.4, 15)
  })

  test('have no weight where the policy would have gone elsewhere', () => {
    const [term] = termsOf([job], () => new Map([['b', 1]]), recorded, q)
    expect(term).toMatchObject({ weight: 0, feasible: 1, modelPolicy: 4 })
  })

  // a is taken with 0.2 of 0.25, and what would have gone to b is left where it was: 0.2/0.25 + 0.5, 0.2 · 2 + 0.5 · 2.
  test('leave a pick that had no room where the job was, with the weight 1', () => {
    const target = () => new Map(Object.entries({ a: 0.2, b: 0.5, z: 0.3 }))
    const [term] = termsOf([{ ...job, free: ['a'] }], target, recorded, q)
    expect(term?.weight).toBeCloseTo(1.3, 15)
    expect(term?.feasible).toBeCloseTo(0.7, 15)
    expect(term?.modelPolicy).toBeCloseTo(1.4, 15)
  })

  test('of what was done weigh 1', () => {
    expect(loggedTermsOf([job], recorded, q)).toEqual([
      { cluster: 'p', weight: 1, reward: 0.5, feasible: 1, modelPolicy: 2, modelAction: 2 },
    ])
  })

  test('leave out the same jobs for every target: those without a reward, and those without a propensity', () => {
    const jobs = [
      { ...job, reward: null },
      { ...job, recordedPropensity: null },
      { ...job, cluster: 'q' },
    ]
    const of = [termsOf(jobs, () => new Map([['a', 1]]), recorded, q), loggedTermsOf(jobs, recorded, q)]
    expect(of.map((terms) => terms.map(({ cluster }) => cluster))).toEqual([['q'], ['q']])
  })
})

describe('a job', () => {
  const member = {
    instance: 'gitlab.example.com',
    projectId: 4,
    parentPipelineId: 12,
    pipelineId: 13,
    jobId: 19,
  }

  test.each([
    [member, 'gitlab.example.com/4/12', 2],
    [{ ...member, parentPipelineId: null }, 'gitlab.example.com/4/13', 3],
    [{ ...member, parentPipelineId: null, pipelineId: null }, 'gitlab.example.com/4/job 19', 4],
  ])('belongs to the pipeline that began it all, else is alone (%#)', (job, cluster, fold) => {
    expect(clusterOf(job)).toBe(cluster)
    expect(foldOf(job)).toBe(fold)
  })

  test('has the signature of its feasible arms in any order', () => {
    const feasible = ['b', 'a10', 'a2']
    expect(signatureOf({ feasible })).toBe('a10,a2,b')
    expect(feasible).toEqual(['b', 'a10', 'a2'])
  })

  test('has the signature of another job only where the feasible arms are the same ones', () => {
    const nameArb = fc.string({ unit: fc.constantFrom('a', ',', '%', '2', 'C'), minLength: 1, maxLength: 3 })
    const setArb = fc.uniqueArray(nameArb, { minLength: 1, maxLength: 3 })
    const sorted = (names: readonly string[]) => JSON.stringify(names.toSorted())
    fc.assert(
      fc.property(setArb, setArb, (left, right) => {
        const isSame = signatureOf({ feasible: left }) === signatureOf({ feasible: right })
        expect(isSame).toBe(sorted(left) === sorted(right))
      }),
      // Of each two that are the same text unescaped.
      {
        examples: [
          [['a,b'], ['a', 'b']],
          [['%,'], ['%', '']],
          [
            ['a,', 'b'],
            ['a', ',b'],
          ],
          [['%2C'], [',']],
        ],
        numRuns: 2000,
      },
    )
  })
})
