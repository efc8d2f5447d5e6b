import { describe, expect, test } from 'vitest'
import { seededDraws } from '../../../shared/domain/rng.ts'

const draws = (seed: string, count: number) => {
  const draw = seededDraws(seed)
  return Array.from({ length: count }, draw)
}

describe('seeded draws', () => {
  test('are the same for the same seed and others for another', () => {
    expect(draws('gitlab.com/1/2/job.started', 20)).toEqual(draws('gitlab.com/1/2/job.started', 20))
    expect(draws('gitlab.com/1/3/job.started', 20)).not.toEqual(draws('gitlab.com/1/2/job.started', 20))
  })

  test('lie in [0, 1)', () => {
    for (const value of draws('', 1000)) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThan(1)
    }
  })

  // 10 bins of 10,000 draws: chi-square with 9 degrees of freedom exceeds 33.7 in one of 10,000 cases.
  test.each([
    ['over the draws of one seed', () => draws('one seed', 10_000)],
    [
      'over the first draw of many similar seeds',
      () => Array.from({ length: 10_000 }, (_, id) => draws(`job ${id}`, 1)[0] ?? 0),
    ],
  ])('are uniform %s', (_, values) => {
    const bins = Array.from({ length: 10 }, () => 0)
    for (const value of values()) bins[Math.floor(value * 10)] = (bins[Math.floor(value * 10)] ?? 0) + 1
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(33.7)
  })
})
