import { describe, expect, test } from 'vitest'
import { armOfRunner, fleetOf } from '../../../shared/domain/fleet.ts'
import { armOf, runnerOf } from '../../support/builders.ts'

const fleet = fleetOf([
  armOf({ name: 'by id', id: 7, costPerHourEur: 0.5 }),
  armOf({ name: 'by name', costPerHourEur: 0.25 }),
  {
    id: 'pool',
    tag: 'pool-any',
    runners: [
      runnerOf({ name: 'cheap', costPerHourEur: 0.1 }),
      runnerOf({ name: 'dear', costPerHourEur: 0.9 }),
    ],
  },
])
const assigned = (id: number, description: string) => armOfRunner(fleet, { id, description, tags: [] })

describe('the arm of a runner', () => {
  test('is found by its id, even under another description', () => {
    expect(assigned(7, 'renamed')).toEqual({ arm: 'by id', unmanaged: false, costPerHourEur: 0.5 })
    expect(assigned(7, 'by name').arm).toBe('by id')
  })

  test('is found by its exact description when the id is not in the fleet', () => {
    expect(assigned(8, 'by name')).toEqual({ arm: 'by name', unmanaged: false, costPerHourEur: 0.25 })
    expect(assigned(8, 'By name').unmanaged).toBe(true)
    expect(assigned(8, 'by name ').unmanaged).toBe(true)
  })

  test('of a pool is the pool, at the cost of the runner itself', () => {
    expect(assigned(8, 'cheap')).toEqual({ arm: 'pool', unmanaged: false, costPerHourEur: 0.1 })
    expect(assigned(9, 'dear')).toEqual({ arm: 'pool', unmanaged: false, costPerHourEur: 0.9 })
  })

  test('that no file describes is unmanaged and costs nothing', () => {
    expect(assigned(8, '__proto__')).toEqual({ arm: '__proto__', unmanaged: true, costPerHourEur: 0 })
    expect(assigned(8, '')).toEqual({ arm: 'runner 8', unmanaged: true, costPerHourEur: 0 })
    expect(assigned(8, 'pool')).toEqual({ arm: 'pool (unmanaged)', unmanaged: true, costPerHourEur: 0 })
  })
})
