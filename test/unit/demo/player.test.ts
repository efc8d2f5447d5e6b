import { expect, test } from 'vitest'
import type { DemoDay } from '../../../functions/local/demo/days.ts'
import { demoDay } from '../../../functions/local/demo/days.ts'
import { playedClock } from '../../../functions/local/demo/played-clock.ts'
import { createPlayer } from '../../../functions/local/demo/player.ts'
import type { JobStatus, PlayedWebhook } from '../../../shared/played-gitlab/index.ts'

const START = Date.parse('2026-09-21T07:00:00Z')
const webhookAt = (at: number, jobId = 1): PlayedWebhook => ({
  at,
  jobId,
  status: 'running',
  headers: {},
  body: '{}',
})
const goesOn = (jobId: number, status: JobStatus, afterMs: number) => ({
  jobId,
  status,
  atMs: START + afterMs,
})

/** Plays the days at a thousand times; `pass` lets real time go by, a millisecond at a time. */
function play(given: readonly Partial<DemoDay>[]) {
  let realMs = 0
  let queued = 0
  const left = given.map((day) => ({ webhooks: [], transitions: [], ...day }))
  const clock = playedClock(START, 1000, () => realMs)
  const sentAt: { at: number; sent: number }[] = []
  const unanswered: ((ok: boolean) => void)[] = []
  const player = createPlayer({
    clock,
    days: {
      next: () => {
        const day = left.shift()
        return day === undefined ? new Promise(() => {}) : Promise.resolve(day)
      },
    },
    send(webhook) {
      sentAt.push({ at: webhook.at, sent: clock.now() })
      return new Promise((resolve) => unanswered.push(resolve))
    },
    queued: () => queued,
    onFailure: (error) => {
      throw error
    },
  })
  return {
    clock,
    player,
    sentAt,
    queue(count: number) {
      queued = count
    },
    async answerAll(ok = true) {
      for (const answer of unanswered.splice(0)) answer(ok)
      await Promise.resolve()
      await Promise.resolve()
    },
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 1) {
        player.tick()
        await Promise.resolve()
        await Promise.resolve()
        realMs += 1
      }
      player.tick()
    },
  }
}

/** So that the day is not over. */
const muchLater = goesOn(9, 'created', 10_000_000)

test('sends each webhook at its moment on the played clock, and not before', async () => {
  const webhooks = [webhookAt(START + 1000), webhookAt(START + 5000), webhookAt(START + 90_000)]
  const { pass, sentAt } = play([{ webhooks, transitions: [muchLater] }])
  await pass(20)
  expect(sentAt.map(({ at }) => at - START)).toEqual([1000, 5000])
  for (const { at, sent } of sentAt) {
    expect(sent).toBeGreaterThanOrEqual(at)
    expect(sent).toBeLessThanOrEqual(at + 1000)
  }
})

test('waits with the clock while many webhooks are due and not answered, and sends few at a time', async () => {
  const webhooks = Array.from({ length: 400 }, (_, index) => webhookAt(START + 1000 + index * 10))
  const { pass, clock, player, answerAll } = play([{ webhooks, transitions: [muchLater] }])
  await pass(50)
  expect(clock.isWaiting()).toBe(true)
  const stoodAt = clock.now()
  expect(player.sent()).toBe(16)
  await pass(50)
  expect(clock.now()).toBe(stoodAt)
  while (clock.isWaiting()) {
    await answerAll()
    await pass(1)
  }
  expect(player.sent()).toBeGreaterThan(150)
  expect(player.failed()).toBe(0)
})

test('waits with the clock while the server has much to handle', async () => {
  const { pass, clock, queue } = play([{ transitions: [muchLater] }])
  await pass(10)
  expect(clock.isWaiting()).toBe(false)
  queue(300)
  await pass(1)
  expect(clock.isWaiting()).toBe(true)
  queue(201)
  await pass(1)
  expect(clock.isWaiting()).toBe(true)
  queue(200)
  await pass(1)
  expect(clock.isWaiting()).toBe(false)
})

test('waits with the clock for a next day that is not ready', async () => {
  const { pass, clock } = play([{ transitions: [goesOn(1, 'created', 1000)] }])
  await pass(50)
  expect(clock.isWaiting()).toBe(true)
  expect(clock.now()).toBeLessThan(START + 5000)
})

test('sends what the last day left over when the next one has begun', async () => {
  const days = [
    { webhooks: [webhookAt(START + 30_000, 1)], transitions: [goesOn(1, 'created', 1000)] },
    { webhooks: [webhookAt(START + 20_000, 2), webhookAt(START + 40_000, 2)], transitions: [muchLater] },
  ]
  const { pass, sentAt } = play(days)
  await pass(60)
  expect(sentAt.map(({ at }) => at - START)).toEqual([20_000, 30_000, 40_000])
})

test('counts the jobs that wait, run and have ended', async () => {
  const transitions = [
    goesOn(1, 'created', 0),
    goesOn(1, 'pending', 1000),
    goesOn(2, 'pending', 2000),
    goesOn(3, 'pending', 2000),
    goesOn(1, 'running', 3000),
    goesOn(2, 'canceled', 4000),
    goesOn(1, 'success', 50_000),
    muchLater,
  ]
  const { pass, player } = play([{ transitions }])
  await pass(10)
  expect(player.jobs()).toEqual({ waiting: 1, running: 1, ended: 1 })
  await pass(60)
  expect(player.jobs()).toEqual({ waiting: 1, running: 0, ended: 2 })
})

test('counts the webhooks that were not taken, and sends nothing after it was stopped', async () => {
  const { pass, player, answerAll } = play([
    { webhooks: [webhookAt(START), webhookAt(START + 1_000_000)], transitions: [muchLater] },
  ])
  await pass(5)
  await answerAll(false)
  expect([player.sent(), player.failed()]).toEqual([1, 1])
  await player.stop()
  await pass(2000)
  expect(player.sent()).toBe(1)
})

test('the days of the demo follow each other with ids of their own', () => {
  const ids = [0, 1].map((index) => {
    const { webhooks, transitions } = demoDay(START, index)
    const from = START + index * 86_400_000
    expect(Math.min(...transitions.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(from)
    expect(Math.max(...transitions.map(({ atMs }) => atMs))).toBeLessThanOrEqual(from + 86_400_000)
    const bodies = webhooks.map(({ body }) => JSON.parse(body))
    return {
      jobs: new Set(bodies.map((body) => body.build_id)),
      pipelines: new Set(bodies.map((body) => body.pipeline_id)),
    }
  })
  const [first, second] = ids as [(typeof ids)[0], (typeof ids)[0]]
  expect(first.jobs.size).toBe(1500)
  expect([...second.jobs].filter((id) => first.jobs.has(id))).toEqual([])
  expect([...second.pipelines].filter((id) => first.pipelines.has(id))).toEqual([])
})
