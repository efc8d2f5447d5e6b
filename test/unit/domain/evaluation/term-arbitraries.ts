import fc from 'fast-check'
import type { Term } from '../../../../shared/domain/evaluation/estimate.ts'

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })

export const termArb: fc.Arbitrary<Term> = fc.record({
  cluster: fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5', 'p6'),
  weight: fc.oneof(fc.constant(0), between(0.1, 30)),
  reward: between(0, 10),
  feasible: between(0.1, 1),
  modelPolicy: between(0, 10),
  modelAction: between(0, 10),
})

export const termsArb = fc.array(termArb, { minLength: 1, maxLength: 40 })

/** Two policies on the same jobs. */
export const pairedArb = fc
  .array(fc.tuple(termArb, termArb), { minLength: 1, maxLength: 40 })
  .map((pairs) => ({
    a: pairs.map(([a]) => a),
    b: pairs.map(([{ cluster, reward, modelAction }, b]) => ({ ...b, cluster, reward, modelAction })),
  }))
