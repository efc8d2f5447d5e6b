import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobsToFind, smallestDifference } from '../../../../shared/domain/evaluation/power.ts'

// Of the played fleet of evaluation.md: an error of 0.0198 at 4,012 jobs, a lift of 0.085, "about 1 700 jobs".
test('a lift of 0.085 is found with 1,709 jobs where 4,012 give an error of 0.0198', () => {
  // (1.959964 + 0.841621) · 0.0198 = 0.0554714; 4012 · (0.0554714/0.085)² = 1708.7.
  expect(smallestDifference(0.0198)).toBeCloseTo(0.0554714, 7)
  expect(jobsToFind(4012, 0.0198, 0.085)).toBe(1709)
  expect(jobsToFind(4012, 0.0198, -0.085)).toBe(1709)
})

test('what the present jobs can just find takes just them; half of it takes four times as many; nothing finds 0', () => {
  const errorArb = fc.double({ min: 1e-6, max: 100, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), errorArb, (jobs, error) => {
      const smallest = smallestDifference(error)
      expect(jobsToFind(jobs, error, smallest)).toBe(jobs)
      expect(jobsToFind(jobs, error, smallest / 2)).toBe(4 * jobs)
      expect(jobsToFind(jobs, error, 0)).toBeNull()
    }),
  )
})
