import { expect, test } from 'vitest'
import { seededRng, systemRng } from '../../shared/adapters/rng.ts'
import { rngContract } from './rng.ts'

rngContract({
  adapter: 'system',
  open: () => systemRng,
  reproducible: { cannot: 'a decision of tomorrow must not be known today' },
  unpredictable: true,
})

rngContract({
  adapter: 'seeded',
  open: () => seededRng('a seed'),
  reproducible: true,
  unpredictable: { cannot: 'that is what the seed is for' },
})

test('another seed gives other draws and ids', () => {
  const [one, other] = [seededRng('one'), seededRng('other')]
  expect(one.next()).not.toBe(other.next())
  expect(one.id()).not.toBe(other.id())
})
