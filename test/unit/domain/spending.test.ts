/** The ledger's decisions, look by look, when the clock does not do as clocks do. */
import { expect, test } from 'vitest'
import { WATCHING } from '../../../shared/domain/availability-rules.ts'
import { EMPTY_LEDGER, keyOf, type Ledger, type Run, spentOf } from '../../../shared/domain/ledger.ts'
import { decide } from '../../../shared/domain/spending.ts'
import { DAY, HOUR, MINUTE, NOON } from '../../support/builders.ts'

const VM = { name: 'vm', zone: 'z', project: null, costPerHourEur: 0.5 }
const rules = { ...WATCHING, start: true, cooldownMs: 30 * MINUTE, maxEurPerDay: 100, maxStartsPerDay: 100 }

/** Looks at one machine that is off and wanted, at these instants. Tells at which it was started. */
function startsAt(instants: readonly number[], more: Partial<typeof rules> = {}): number[] {
  let ledger: Ledger = EMPTY_LEDGER
  const started: number[] = []
  for (const at of instants) {
    const look = {
      at,
      states: new Map([[keyOf(VM), { status: 'stopped' as const, startedAt: null }]]),
      seen: { wanted: ['m'], isBusy: () => true },
    }
    const verdict = decide(ledger, look, {
      rules: { ...rules, ...more },
      vms: new Map([['m', VM]]),
      newId: () => `id-${started.length}`,
    })
    started.push(...verdict.starts.map(() => at))
    const runs = verdict.ledger.runs.map((run) => ({ ...run, start: 'refused' as const }))
    ledger = { ...verdict.ledger, runs }
  }
  return started
}

/** Looks a minute apart. */
const minutes = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => from + index * MINUTE)

test('the second look starts, and the next start comes after the cooldown', () => {
  expect(startsAt(minutes(NOON, 40))).toEqual([NOON + MINUTE, NOON + 31 * MINUTE])
})

test.each([6 * MINUTE, HOUR, DAY, 400 * DAY])(
  'a clock that jumps ahead by %d ms ends no cooldown',
  (jump) => {
    const after = NOON + 2 * MINUTE + jump
    // 30 minutes of looks have passed 29 steps after the jump, and one before it.
    expect(startsAt([...minutes(NOON, 3), ...minutes(after, 40)])).toEqual([
      NOON + MINUTE,
      after + 29 * MINUTE,
    ])
  },
)

test('before the newest instant that was seen nothing is started', () => {
  expect(startsAt([...minutes(NOON, 1), ...minutes(NOON - HOUR, 60)])).toEqual([])
  expect(startsAt([...minutes(NOON, 1), ...minutes(NOON - HOUR, 62)])).toEqual([NOON + MINUTE])
})

test.each([2, 4, 30])('clocks that are %d minutes apart, look by look, hasten no cap', (apart) => {
  const instants = minutes(NOON, 30 * 60).map((at, index) => (index % 2 === 0 ? at : at - apart * MINUTE))
  const started = startsAt(instants, { maxStartsPerDay: 3, cooldownMs: 30 * MINUTE })
  expect(started.slice(0, 3)).toEqual([NOON + 2 * MINUTE, NOON + 32 * MINUTE, NOON + 62 * MINUTE])
  expect(started[3]).toBe(NOON + 2 * MINUTE + DAY)
})

test('one that went back and comes forward again ends no cooldown', () => {
  const back = minutes(NOON - 3 * MINUTE, 40)
  expect(startsAt([...minutes(NOON, 2), ...back])).toEqual([NOON + MINUTE, NOON + 31 * MINUTE])
})

test('looks at the same instant do not confirm each other', () => {
  expect(startsAt([NOON, NOON, NOON])).toEqual([])
})

test('a look after a silence confirms nothing that was before it', () => {
  expect(startsAt([NOON, NOON + 6 * MINUTE, NOON + 12 * MINUTE])).toEqual([])
})

test('what is on is paid for whatever the clock says: all of a jump ahead, five minutes of one back', () => {
  const run: Run = {
    ...{ requestId: 'r', machine: 'm', vm: VM, reason: '', at: NOON, atMs: 0, start: 'done' },
    ...{
      asked: 1,
      askedMs: 0,
      wasOn: true,
      startedAt: null,
      idleMs: null,
      off: null,
      stop: null,
      ended: null,
    },
  }
  const spent = (at: number) => {
    const before: Ledger = { ...EMPTY_LEDGER, newestAt: NOON, lastAt: NOON, runs: [run] }
    const look = { at, states: new Map(), seen: null }
    return spentOf(decide(before, look, { rules, vms: new Map([['m', VM]]), newId: () => 'id' }).ledger)
  }
  expect(spent(NOON + HOUR)).toBeCloseTo(0.5)
  expect(spent(NOON + DAY)).toBeCloseTo(12)
  expect(spent(NOON - DAY)).toBeCloseTo((0.5 * 5) / 60)
})
