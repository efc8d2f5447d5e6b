/** A played day of 2,000 jobs over HTTP, with every decision recomputed from the state it names. */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { rebuild } from '../../functions/rebuild.ts'
import type { BanditState } from '../../shared/domain/state.ts'
import {
  type PlayedDay,
  type PlayedJob,
  playDay,
  sendWebhooks,
  webhooksOf,
} from '../../shared/played-gitlab/index.ts'
import type { Row, StateStore, Warehouse } from '../../shared/ports.ts'
import { startServer, WEBHOOK_TOKEN } from '../support/server.ts'

const JOBS = 2000
const HOUR_MS = 3_600_000
const WAREHOUSE_LAG_MS = 120

/** Keeps every state that was ever there, by generation. */
function remembering(store: StateStore, states: Map<string, BanditState>): StateStore {
  const keep = <T extends { generation: string; state: BanditState }>(snapshot: T): T => {
    states.set(snapshot.generation, snapshot.state)
    return snapshot
  }
  return {
    ...store,
    read: async () => keep(await store.read()),
    write: async (state, generation) => keep(await store.write(state, generation)),
  }
}

/** Lags behind, as a warehouse in the cloud would: learning is then ahead of deciding for many a job. */
function lagging(warehouse: Warehouse): Warehouse {
  return {
    ...warehouse,
    async insert(table, rows) {
      if (table === 'runner_decisions') await sleep(WAREHOUSE_LAG_MS)
      await warehouse.insert(table, rows)
    },
  }
}

/** UCB1 as product.md states it, from plain sums; not the product's code. */
function ucb1Pick(arms: Map<string, { n: number; rewards: number }>, offered: readonly string[]): string {
  let total = 0
  for (const { n } of arms.values()) total += n
  let best: [string, number] | undefined
  for (const arm of [...offered].sort()) {
    const { n, rewards } = arms.get(arm) ?? { n: 0, rewards: 0 }
    const index = n === 0 ? Number.POSITIVE_INFINITY : rewards / n + 2 * Math.sqrt(Math.log(total) / n)
    if (best === undefined || index > best[1]) best = [arm, index]
  }
  return best?.[0] ?? 'none'
}

const COST_PER_HOUR: Record<string, number> = { nordic: 0.07, mac: 0.02, mac2: 0.02, linux: 0.01 }

/** The reward by product.md, from GitLab's own account of the job. */
function rewardOf(job: PlayedJob): number {
  if (job.status !== 'success' || job.durationSeconds === null) return 0
  const ownTag =
    job.runner?.tags.find((tag) => /^(mac2?|linux|nordic)(-(docker|shell|k8s))?$/.test(tag)) ?? ''
  const costPenalty = ((COST_PER_HOUR[ownTag.split('-')[0] ?? ''] ?? 0) * job.durationSeconds) / 3600
  return 1 / (job.durationSeconds / 60 + costPenalty + 0.1)
}

describe('a played day of 2,000 jobs over HTTP', () => {
  const states = new Map<string, BanditState>()
  let day: PlayedDay
  let rows: Row[]
  let decisions: Row[]
  let jobs: Map<number, PlayedJob>
  let check: Awaited<ReturnType<typeof rebuild>>
  let answers: Record<string, number>
  let counts: Row

  beforeAll(async () => {
    const { url, deps } = await startServer()
    deps.state = remembering(deps.state, states)
    deps.warehouse = lagging(deps.warehouse)
    await deps.state.read()
    day = playDay({ seed: 7, jobs: JOBS, startAt: Date.now() - 25 * HOUR_MS })
    jobs = new Map(day.jobs.map((job) => [job.id, job]))
    const webhooks = webhooksOf(day, { seed: 7, instanceUrl: 'https://gitlab.com' })
    const sent = await sendWebhooks(webhooks, { url: `${url}/webhooks/gitlab`, token: WEBHOOK_TOKEN })
    answers = sent.byStatus
    await deps.deliveries.drained()
    rows = await deps.warehouse.query('SELECT * FROM ci_metrics.decision_outcomes ORDER BY job_id')
    decisions = await deps.warehouse.query('SELECT * FROM ci_metrics.runner_decisions')
    counts = (
      await deps.warehouse.query(
        'SELECT COUNT(*) AS all_rows, COUNT(DISTINCT event_id) AS events FROM ci_metrics.job_event_log',
      )
    )[0] as Row
    check = await rebuild({ check: true }, deps)
  }, 120_000)

  test('answers every webhook with 202', () => {
    expect(Object.keys(answers)).toEqual(['202'])
  })

  test('has one row per job, and each with its outcome', () => {
    expect(rows.map((row) => row.job_id)).toEqual([...jobs.keys()].sort((a, b) => a - b))
    for (const row of rows) {
      const job = jobs.get(row.job_id as number) as PlayedJob
      expect(row.job_status).toBe(job.status)
      expect(row.actual_runner).toBe(job.runner?.description ?? null)
      expect(row.project_id).toBe(job.project.id)
    }
  })

  test('logs each event once, although webhooks came twice', () => {
    expect(counts.all_rows).toBe(counts.events)
  })

  test('leaves a state that the log gives again, byte for byte', () => {
    expect(check).toMatchObject({ equal: true })
    expect(check.observations).toBe(
      day.jobs.filter((job) => job.status !== 'canceled' && job.durationSeconds !== null).length,
    )
  })

  test('decides for many jobs at their start, and once for each at its finish', () => {
    const taken = rows.filter((row) => row.decided_late === false)
    expect(taken.length).toBeGreaterThan(JOBS * 0.2)
    expect(decisions.filter((row) => row.decided_late === true)).toHaveLength(JOBS)
  })

  test('decides each job from a state without its own outcome: every pick is recomputed', () => {
    let ownOutcomesRemoved = 0
    for (const row of decisions) {
      const job = jobs.get(row.job_id as number) as PlayedJob
      const state = states.get(row.state_generation as string)
      if (state === undefined) throw new Error(`no state of generation ${row.state_generation}`)
      const holdsOwn = [...state.folded.values()].some((projects) =>
        projects.get(`gitlab.com/${job.project.id}`)?.includes(job.id),
      )
      if (row.decided_late === false) expect(holdsOwn).toBe(false)

      const arms = new Map(
        [...state.arms].map(([arm, sums]) => [arm, { n: sums.n, rewards: sums.rewardMicros / 1e6 }]),
      )
      const isCounted = job.status !== 'canceled' && job.durationSeconds !== null
      if (holdsOwn && isCounted && job.runner !== null) {
        const own = arms.get(job.runner.description)
        if (own === undefined) throw new Error('the state holds the job but not its arm')
        ownOutcomesRemoved += 1
        own.n -= 1
        own.rewards -= Math.round(rewardOf(job) * 1e6) / 1e6
      }
      const known = day.runners.map((runner) => runner.description)
      const feasible = (JSON.parse(row.feasible as string) as { arm: string }[]).map(({ arm }) => arm)
      expect(row.mab_runner).toBe(ucb1Pick(arms, known))
      expect(row.nsai_runner).toBe(feasible.length === 0 ? null : ucb1Pick(arms, feasible))
      expect(row.nsai_feasible_count).toBe(feasible.length)
    }
    // Learning was ahead of deciding often enough for this test to mean something.
    expect(ownOutcomesRemoved).toBeGreaterThan(20)
  })

  test('sets the match flags to whether the pick is the actual arm', () => {
    for (const row of rows) {
      const actual = row.actual_runner
      expect(row.mab_would_match).toBe(actual === null ? null : row.mab_runner === actual)
      expect(row.nsai_would_match).toBe(actual === null ? null : row.nsai_runner === actual)
      if (actual !== null) expect(row.feasible).toContain(`"arm":"${actual}"`)
    }
  })

  test('gives confidences in (0, 1] that are no constant', () => {
    const confidences = rows.map((row) => row.nsai_confidence).filter((value) => value !== null) as number[]
    expect(Math.min(...confidences)).toBeGreaterThan(0)
    expect(Math.max(...confidences)).toBeLessThanOrEqual(1)
    expect(new Set(confidences).size).toBeGreaterThan(100)
  })
})
