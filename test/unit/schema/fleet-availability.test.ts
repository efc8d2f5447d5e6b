/** The section `availability` of fleet.yaml. */
import { expect, test } from 'vitest'
import { WATCHING } from '../../../shared/domain/availability-rules.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'

const MINUTE = 60_000
const fleet = (rest: string) =>
  parseFleet(`
machines: { m: { cost_per_hour_eur: 0.3, vm: { name: m-vm, zone: z } } }
executors: [docker]
runners: [{ name: a, machine: m, executor: docker, tags: [x] }]
${rest}`)

test('nothing is ever started unless it is said', () => {
  expect(fleet('').availability).toEqual(WATCHING)
  expect(fleet('').availability.start).toBe(false)
  expect(fleet('availability: { tags: [x] }').availability).toEqual({ ...WATCHING, tags: ['x'] })
})

test('minutes are minutes, and a machine has its cost', () => {
  const { availability, vms } = fleet(
    'availability: { start: true, cooldown_minutes: 45, max_eur_per_day: 2.5 }',
  )
  expect(availability).toMatchObject({ start: true, cooldownMs: 45 * MINUTE, maxEurPerDay: 2.5 })
  expect(vms.get('m')).toEqual({ name: 'm-vm', zone: 'z', project: null, costPerHourEur: 0.3 })
})

test.each([
  ['a key that there is not', 'availability: { begin: true }', 'there is no key "begin"'],
  [
    'a cooldown that is shorter than a start takes to show',
    'availability: { cooldown_minutes: 5 }',
    'cooldown',
  ],
  ['a contact that GitLab does not write so often', 'availability: { silent_after_minutes: 10 }', 'silent'],
  ['a cap below nothing', 'availability: { max_eur_per_day: -1 }', 'max_eur_per_day'],
])('%s is a fault', (_what, text, told) => {
  expect(() => fleet(text)).toThrow(told)
})
