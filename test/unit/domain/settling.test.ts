/** Whether a machine that was started is on: look by look, whatever its provider says, and for how much money. */
import { describe, expect, test } from 'vitest'
import type { VmStatus } from '../../../shared/domain/availability.ts'
import { WATCHING } from '../../../shared/domain/availability-rules.ts'
import {
  EMPTY_LEDGER,
  isOpen,
  keyOf,
  type Ledger,
  type Outcome,
  spentOf,
} from '../../../shared/domain/ledger.ts'
import { decide } from '../../../shared/domain/spending.ts'
import { DAY, HOUR, MINUTE, NOON } from '../../support/builders.ts'

const VM = { name: 'vm', zone: 'z', project: null, costPerHourEur: 0.6 }
const RULES = {
  ...WATCHING,
  start: true,
  maxEurPerDay: 2,
  cooldownMs: 30 * MINUTE,
  stopAfterIdleMs: 10 * MINUTE,
}
const [FIRST, SECOND] = [NOON, NOON + HOUR]

/** Looks a minute apart at one machine, whose starts and stops are answered as told. */
function scene({ stop = 'done', start = 'done' }: { stop?: Outcome; start?: Outcome } = {}) {
  let ledger: Ledger = EMPTY_LEDGER
  let at = NOON
  let ids = 0
  const asked = { starts: [] as number[], stops: [] as number[] }
  const newId = () => {
    ids += 1
    return `id-${ids}`
  }
  return {
    asked,
    open: () => ledger.runs.filter(isOpen).length,
    spent: () => spentOf(ledger),
    /** @param startedAt when the machine came on, by its provider. */
    look(
      status: VmStatus | null,
      times = 1,
      {
        wanted = false,
        isBusy = false,
        startedAt = FIRST,
        vms = [['m', VM]] as readonly (readonly [string, typeof VM])[],
      } = {},
    ) {
      for (let looks = 0; looks < times; looks += 1) {
        at += MINUTE
        const state = status === null ? [] : [[keyOf(VM), { status, startedAt }] as const]
        const seen = { wanted: wanted ? vms.map(([name]) => name) : [], isBusy: () => isBusy }
        const verdict = decide(
          ledger,
          { at, states: new Map(state), seen },
          { rules: RULES, vms: new Map(vms), newId },
        )
        asked.starts.push(...verdict.starts.map(() => at))
        asked.stops.push(...verdict.stops.map(() => at))
        const runs = verdict.ledger.runs.map((run) => ({
          ...run,
          start: run.start === 'intended' ? start : run.start,
          stop: run.stop && {
            ...run.stop,
            outcome: run.stop.outcome === 'intended' ? stop : run.stop.outcome,
          },
        }))
        ledger = { ...verdict.ledger, runs }
      }
    },
    begun() {
      this.look('stopped', 2, { wanted: true })
      expect(asked.starts).toHaveLength(1)
      this.look('running', 2, { isBusy: true })
    },
  }
}

describe('a run that is on', () => {
  test.each<VmStatus>(['stopped', 'missing'])(
    'is not over when one look says %s, and is stopped when it is idle',
    (lie) => {
      const { begun, look, open, asked, ...rest } = scene()
      begun.call({ look, asked, open, begun, ...rest })
      look(lie)
      expect(open()).toBe(1)
      look('running', 60)
      expect(asked.stops.length).toBeGreaterThan(0)
    },
  )

  test('is over after looks of five minutes that say so, and is paid for until then', () => {
    const one = scene()
    one.begun()
    one.look('stopped', 5)
    expect(one.open()).toBe(1)
    one.look('stopped', 1)
    expect(one.open()).toBe(0)
    // The least that a start costs is a minute, and 8 minutes have passed since.
    expect(one.spent()).toBeCloseTo((0.6 * 9) / 60)
    one.look('stopped', 60)
    expect(one.spent()).toBeCloseTo((0.6 * 9) / 60)
  })

  test('two looks do not end it, however far apart they are', () => {
    const one = scene()
    one.begun()
    one.look('stopped')
    one.look(null, 20)
    one.look('stopped')
    expect(one.open()).toBe(1)
  })

  test('that was taken for over and never was off is watched again, and all of it is paid', () => {
    const one = scene()
    one.begun()
    one.look('stopped', 30)
    expect(one.open()).toBe(0)
    one.look('running', 1)
    expect(one.open()).toBe(1)
    expect(one.spent()).toBeCloseTo((0.6 * 34) / 60)
    one.look('running', 15)
    expect(one.asked.stops.length).toBeGreaterThan(0)
  })

  test('that was taken for over while it was on, and was started once more, is paid once', () => {
    const one = scene()
    one.begun()
    one.look('stopped', 40, { wanted: true })
    expect(one.asked.starts).toHaveLength(2)
    one.look('running', 1)
    expect(one.open()).toBe(1)
    // Since the first start 43 minutes have passed; those after the second are in both runs.
    expect(one.spent()).toBeGreaterThanOrEqual((0.6 * 43) / 60)
    expect(one.spent()).toBeLessThan((0.6 * 60) / 60)
  })

  test('is none of ours any more when somebody else has started it since', () => {
    const one = scene()
    one.begun()
    one.look('stopped', 10)
    one.look('running', 24 * 60, { startedAt: SECOND })
    expect([one.open(), one.asked.stops.length]).toEqual([0, 0])
  })

  test('comes late: a start that was given up is watched when it shows within the hour, and not after it', () => {
    for (const [minutes, open] of [
      [70, 1],
      [80, 0],
    ] as const) {
      const one = scene()
      one.look('stopped', 2, { wanted: true })
      // It is given up after a quarter of an hour.
      one.look('stopped', minutes)
      one.look('running')
      expect(one.open()).toBe(open)
    }
  })
})

describe('a stop', () => {
  test.each<[Outcome, number]>([
    ['refused', 1],
    ['intended', 1],
    ['done', 5],
  ])('that is %s and does not show is asked for again after %d minutes', (stop, minutes) => {
    const one = scene({ stop })
    one.begun()
    one.look('running', 30)
    const [first = 0, second = 0] = one.asked.stops
    expect((second - first) / MINUTE).toBe(minutes)
  })

  test('that is refused is asked for until the cap, and each time before it', () => {
    const one = scene({ stop: 'refused' })
    one.begun()
    while (one.spent() < 2) one.look('running', 1, { isBusy: true })
    expect(one.asked.stops.length).toBeGreaterThanOrEqual(15)
  })

  test('that shows is not asked for again', () => {
    const one = scene()
    one.begun()
    one.look('running', 11)
    one.look('stopped', 30)
    expect(one.asked.stops).toHaveLength(1)
  })

  test('that shows is not asked for again when what may be spent is spent', () => {
    const one = scene()
    one.begun()
    while (one.asked.stops.length === 0) one.look('running', 1, { isBusy: true })
    one.look('stopped', 30)
    expect(one.asked.stops).toHaveLength(1)
  })
})

describe('what fleet.yaml does not have any more', () => {
  test.each([
    ['renamed', [['other', VM] as const]],
    ['removed', []],
    ['cheaper', [['m', { ...VM, costPerHourEur: 0 }] as const]],
  ])('%s: it is paid for and stopped all the same', (_what, vms) => {
    const one = scene()
    one.begun()
    const before = one.spent()
    one.look('running', 9, { vms: vms })
    expect(one.spent() - before).toBeCloseTo((0.6 * 9) / 60)
    one.look('running', 20, { vms: vms })
    expect(one.asked.stops.length).toBeGreaterThan(0)
  })

  test('a machine of another name is the same machine to the cooldown', () => {
    const one = scene()
    one.begun()
    one.look('stopped', 20)
    const renamed = [['other', VM] as const]
    one.look('stopped', 5, { wanted: true, vms: renamed })
    expect(one.asked.starts).toHaveLength(1)
  })
})

test('of a start the cooldown counts from the last asking', () => {
  const one = scene({ start: 'intended' })
  one.look('stopped', 12, { wanted: true })
  const last = one.asked.starts.at(-1) ?? 0
  expect(one.asked.starts.length).toBeGreaterThan(5)
  one.look('stopped', 60, { wanted: true })
  const next = one.asked.starts.find((at) => at > last + 5 * MINUTE) ?? DAY
  expect(next - last).toBeGreaterThanOrEqual(RULES.cooldownMs)
})
