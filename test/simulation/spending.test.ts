/** Fail-safe spending: whatever goes wrong, and however often, no cap and no cooldown is ever passed. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MINUTE } from './played-provider.ts'
import { CALM, type Flaw, playedWorld, type Step } from './spending.ts'
import { findings, livesOf, RULES } from './spending-laws.ts'

describe('whatever goes wrong', () => {
  test('no cap and no cooldown is passed, and nothing is started on what cannot be believed', async () => {
    const seen = { steps: 0, starts: 0, stops: 0 }
    await fc.assert(
      fc.asyncProperty(livesOf(100), async (life) => {
        expect(await findings(life, { seen })).toEqual([])
      }),
      // A failure tells its seed and steps; to make them few takes minutes.
      { numRuns: 10, seed: 5, endOnFailure: true },
    )
    // The world lets it start and stop: what never happens passes no cap.
    expect(seen.starts).toBeGreaterThan(10)
    expect(seen.stops).toBeGreaterThan(5)
    expect(seen.steps).toBeGreaterThan(500)
  })

  test('ticks that race start one machine once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.integer({ min: 2, max: 3 }), async (seed, racing) => {
        const world = playedWorld({ seed, rules: RULES })
        world.jobsCome(20 * MINUTE)
        const ticks = Array.from({ length: racing }, () => CALM)
        for (let steps = 0; steps < 6; steps += 1)
          await world.step({
            minutes: 1,
            jumpMs: 0,
            ticks,
            jobsCome: false,
            isSwitchedOff: false,
            becomes: null,
          })
        expect(world.starts).toHaveLength(1)
        expect(world.faults).toEqual([])
      }),
      { numRuns: 15, seed: 6 },
    )
  })

  test.each<Flaw>(['no compare-and-set', 'a new request id each time'])(
    'the simulation finds a design with %s',
    async (flaw) => {
      const result = await fc.check(
        fc.asyncProperty(livesOf(100), async (life) => {
          return (await findings(life, { flaw })).length === 0
        }),
        { numRuns: 25, seed: 5, endOnFailure: true },
      )
      expect(result.failed).toBe(true)
    },
  )
})

describe('when all is well', () => {
  const calm = (more: Partial<Step> = {}): Step => ({
    ...{ minutes: 1, jumpMs: 0, ticks: [CALM], jobsCome: false, isSwitchedOff: false, becomes: null },
    ...more,
  })

  test('a machine is started at the second look, serves what waits, and is stopped when it is idle', async () => {
    const world = playedWorld({ rules: RULES })
    world.jobsCome(20 * MINUTE)
    await world.step(calm())
    expect(world.starts).toEqual([])
    await world.step(calm())
    expect(world.starts).toHaveLength(1)
    expect(world.isOn()).toBe(true)
    for (let minutes = 0; minutes < 8; minutes += 1) await world.step(calm())
    expect(world.isOn()).toBe(true)
    for (let minutes = 0; minutes < 10; minutes += 1) await world.step(calm())
    expect(world.isOn()).toBe(false)
    expect(world.starts).toHaveLength(1)
    expect(world.stops).toHaveLength(1)
    expect([...world.audited].sort()).toEqual(
      [...world.starts, ...world.stops].map(({ requestId }) => requestId).sort(),
    )
  })

  test('nothing is started for a job that has not waited long, nor where nothing waits', async () => {
    const world = playedWorld({ rules: RULES })
    for (let minutes = 0; minutes < 30; minutes += 1) await world.step(calm())
    world.jobsCome()
    for (let minutes = 0; minutes < 10; minutes += 1) await world.step(calm())
    expect(world.starts).toEqual([])
  })

  test('a start whose answer was lost is asked for again with the same id, and counts once', async () => {
    const world = playedWorld({ rules: RULES })
    world.jobsCome(20 * MINUTE)
    await world.step(calm())
    for (let minutes = 0; minutes < 3; minutes += 1)
      await world.step(calm({ ticks: [{ ...CALM, vms: 'request lost' }] }))
    expect(world.starts).toEqual([])
    await world.step(calm())
    expect(world.starts).toHaveLength(1)
    expect(world.isOn()).toBe(true)
  })

  test('after what may be spent is spent the machine is stopped in the midst of work, and stays off', async () => {
    const world = playedWorld({ rules: RULES.replace('1.6', '0.5') })
    world.jobsCome(20 * MINUTE)
    for (let minutes = 0; minutes < 300; minutes += 1) await world.step(calm({ jobsCome: true }))
    expect(world.starts.length).toBeGreaterThan(0)
    expect(world.provider.eurOfDay()).toBeLessThanOrEqual(0.5)
    expect(world.isOn()).toBe(false)
  })

  test('what is switched off is started again after the cooldown, up to the cap of the day', async () => {
    const world = playedWorld({ rules: RULES })
    for (let minutes = 0; minutes < 300; minutes += 1)
      await world.step(calm({ jobsCome: true, isSwitchedOff: true }))
    expect(world.starts).toHaveLength(5)
  })
})
