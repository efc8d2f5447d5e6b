import fc from 'fast-check'
import { expect, test } from 'vitest'
import { demoStart, playedClock } from '../../../functions/local/demo/played-clock.ts'
import { speedometer } from '../../../functions/local/demo/speedometer.ts'

const START = Date.parse('2026-09-21T07:00:00Z')

test('runs a day a minute at 1,440 times, and stands still while it waits', () => {
  let realMs = 5000
  const clock = playedClock(START, 1440, () => realMs)
  realMs += 1000
  expect(clock.now()).toBe(START)
  clock.run()
  realMs += 60_000
  expect(new Date(clock.now()).toISOString()).toBe('2026-09-22T07:00:00.000Z')
  clock.wait()
  realMs += 10_000
  expect(new Date(clock.now()).toISOString()).toBe('2026-09-22T07:00:00.000Z')
  clock.run()
  realMs += 2500
  expect(new Date(clock.now()).toISOString()).toBe('2026-09-22T08:00:00.000Z')
})

test('never goes back, is whole, and is never ahead of the speed asked for, however often it is told to wait', () => {
  const step = fc.record({
    realMs: fc.double({ min: 0, max: 1000, noNaN: true }),
    told: fc.constantFrom('run', 'wait', undefined),
  })
  fc.assert(
    fc.property(fc.array(step), fc.double({ min: 0.1, max: 50_000, noNaN: true }), (steps, speed) => {
      let realMs = 0
      const clock = playedClock(START, speed, () => realMs)
      let before = clock.now()
      for (const { realMs: passed, told } of steps) {
        if (told !== undefined) clock[told]()
        realMs += passed
        const now = clock.now()
        expect(Number.isInteger(now)).toBe(true)
        expect(now).toBeGreaterThanOrEqual(before)
        expect(now - START).toBeLessThanOrEqual(realMs * speed + 1)
        before = now
      }
    }),
  )
})

test.each([
  ['2026-11-21T12:00:00Z', '2026-09-21T07:00:00.000Z'],
  ['2026-11-16T00:00:00Z', '2026-09-21T07:00:00.000Z'],
  ['2026-11-15T23:59:59Z', '2026-09-14T07:00:00.000Z'],
])('a demo at %s starts on Monday, %s', (now, start) => {
  const startsAt = new Date(demoStart(Date.parse(now)))
  expect(startsAt.toISOString()).toBe(start)
  expect(startsAt.getUTCDay()).toBe(1)
})

test('the reached speed is that of the last five seconds', () => {
  let realMs = 0
  const clock = playedClock(START, 1000, () => realMs)
  const speeds = speedometer(clock, () => realMs)
  expect(speeds.reached()).toBeUndefined()
  clock.run()
  for (realMs = 500; realMs <= 10_000; realMs += 500) speeds.reached()
  realMs = 10_500
  expect(speeds.reached()).toBe(1000)
  clock.wait()
  realMs = 13_000
  expect(speeds.reached()).toBe(500)
  realMs = 30_000
  speeds.reached()
  realMs = 36_000
  expect(speeds.reached()).toBe(0)
})
