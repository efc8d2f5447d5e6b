/** Each way to lose sight of a machine that is on, alone and at its worst: the tick itself, in the played world. */
import { expect, test } from 'vitest'
import { HOUR, MINUTE } from './played-provider.ts'
import { CALM, type Configuration, playedWorld, type Step, type Tick } from './spending.ts'
import { RULES } from './spending-laws.ts'

const step = (tick: Partial<Tick> = {}, more: Partial<Step> = {}): Step => ({
  ...{ minutes: 1, jumpMs: 0, ticks: [{ ...CALM, ...tick }] },
  ...{ jobsCome: false, isSwitchedOff: false, becomes: null, ...more },
})

/** A world whose only machine was started a minute ago. @param first what the asking for it met. */
async function started(rules = RULES, first: Partial<Tick> = {}) {
  const world = playedWorld({ rules })
  world.jobsCome(20 * MINUTE)
  await world.step(step())
  await world.step(step(first))
  expect(world.starts).toHaveLength(1)
  return world
}

test.each(['stopped', 'missing'] as const)(
  'one look that says %s ends nothing: what is idle is stopped, what was spent is counted',
  async (tells) => {
    const world = await started()
    await world.step(step())
    await world.step(step({ tells }))
    for (let minutes = 0; minutes < 20; minutes += 1) await world.step(step())
    expect(world.isOn()).toBe(false)
  },
)

test('looks that say so for half an hour end it, and the truth begins it again before the cap', async () => {
  const world = await started(RULES.replace('1.6', '0.6'))
  await world.step(step())
  for (let minutes = 0; minutes < 30; minutes += 1) await world.step(step({ tells: 'stopped' }))
  expect(world.isOn()).toBe(true)
  for (let minutes = 0; minutes < 120; minutes += 1) await world.step(step({}, { jobsCome: true }))
  expect(world.isOn()).toBe(false)
  expect(world.provider.eurOfDay()).toBeLessThanOrEqual(0.6)
})

test('stops that are refused are asked for again, and the cap is not passed', async () => {
  const world = await started(RULES.replace('1.6', '0.6'))
  for (let minutes = 0; minutes < 90 && world.isOn(); minutes += 1) {
    const refusals = world.errors.filter((message) => message === 'vm.refused').length
    const vms = refusals < 3 ? 'refused' : 'fine'
    await world.step(step({ vms }, { jobsCome: true }))
  }
  expect(world.isOn()).toBe(false)
  expect(world.provider.eurOfDay()).toBeLessThanOrEqual(0.6)
})

test('a repetition of a start that is refused says nothing of the first asking', async () => {
  const world = await started(RULES, { vms: 'late' })
  expect(world.isOn()).toBe(false)
  for (let minutes = 0; minutes < 2; minutes += 1) await world.step(step({ vms: 'refused' }))
  await world.step(step())
  expect(world.isOn()).toBe(true)
  for (let minutes = 0; minutes < 30; minutes += 1) await world.step(step())
  expect(world.isOn()).toBe(false)
})

test.each<[Configuration, number]>([
  // Idle is nobody where GitLab cannot be asked; what may be spent is known all the same.
  ['without a token', 90],
  ['removed', 20],
  ['renamed', 20],
])(
  'a machine that is on when the configuration is %s is stopped within %d minutes',
  async (becomes, within) => {
    const world = await started(RULES.replace('1.6', '0.6'))
    await world.step(step({}, { becomes }))
    for (let minutes = 0; minutes < within; minutes += 1) await world.step(step())
    expect(world.isOn()).toBe(false)
    expect(world.provider.eurOfDay()).toBeLessThanOrEqual(0.6)
  },
)

test('what cannot be watched, and what cannot be stopped, is said at every tick', async () => {
  const world = await started(RULES.replace('1.6', '0.6'))
  await world.step(step({}, { becomes: 'without a token' }))
  for (let minutes = 0; minutes < 10; minutes += 1) await world.step(step())
  expect(world.errors.filter((message) => message === 'availability.blind')).toHaveLength(11)
  for (let minutes = 0; minutes < 60; minutes += 1) await world.step(step({ vms: 'unavailable' }))
  expect(world.errors.filter((message) => message === 'vm.unanswered').length).toBeGreaterThan(10)
})

test('two who make ticks, their clocks four minutes apart, pass no cap of starts in 24 hours', async () => {
  const world = playedWorld({ rules: 'max_starts_per_day: 2, max_eur_per_day: 100, cooldown_minutes: 20' })
  for (let index = 0; world.now() < 11 * HOUR; index += 1) {
    const apartMs = index % 2 === 0 ? -4 * MINUTE : 0
    await world.step(step({ apartMs }, { jobsCome: true, isSwitchedOff: index % 4 === 0 }))
  }
  expect(world.starts).toHaveLength(2)
})
