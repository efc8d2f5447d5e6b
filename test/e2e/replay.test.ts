/** Replay: files of webhook bodies as a bulk source. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { rebuild } from '../../functions/rebuild.ts'
import { replay } from '../../functions/replay.ts'
import { createRng, playDay, webhooksOf } from '../../shared/played-gitlab/index.ts'
import { encodeState } from '../../shared/schema/state.ts'
import { dataFolder, postWebhook, startServer } from '../support/server.ts'
import { gitlabTime, jobWebhook, running } from '../support/webhook.ts'

const WILD = join(import.meta.dirname, '../../../shared/fixtures/gitlab')
const HOUR_MS = 3_600_000

/** A file with one body a line. */
function ndjson(bodies: readonly unknown[]): string {
  const path = join(dataFolder(), 'bodies.ndjson')
  writeFileSync(
    path,
    bodies.map((body) => (typeof body === 'string' ? body : JSON.stringify(body))).join('\n'),
  )
  return path
}

async function stateBytes(deps: Parameters<typeof rebuild>[1]): Promise<string> {
  return Buffer.from(encodeState((await deps.state.read()).state)).toString()
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const rng = createRng(seed, 'shuffle')
  return items
    .map((item) => ({ item, at: rng.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

describe.skipIf(!existsSync(WILD))(
  'the payloads seen in the wild (skipped where ../shared is absent)',
  () => {
    const files = existsSync(WILD) ? readdirSync(WILD).filter((name) => name.endsWith('.json')) : []

    test('are all read; each job of the five statuses becomes an event or repeats one', async () => {
      const { deps } = await startServer()
      const report = await replay({ paths: [WILD] }, deps)
      // Counted by hand: 7 of the 15 job hooks are of those statuses, and 16 of the 26 jobs in the 10 pipeline hooks;
      // they name 13 facts. The other 72 files are other hooks.
      expect(report).toMatchObject({ files: files.length, accepted: 13, duplicates: 10, quarantined: 2 })
      expect(report.ignored).toBe(72 + 6 + 10)
    })

    test('change no byte of state when they are replayed three more times, shuffled', async () => {
      const { deps } = await startServer()
      const paths = files.map((name) => join(WILD, name))
      await replay({ paths }, deps)
      const first = await stateBytes(deps)
      expect(first).toContain('4-blue.shared.runners-manager.gitlab.com/default')
      for (const seed of [1, 2, 3]) {
        expect((await replay({ paths: shuffled(paths, seed) }, deps)).accepted).toBe(0)
        expect(await stateBytes(deps)).toBe(first)
      }
      expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true })
    })
  },
)

describe('a replayed month', () => {
  const day = playDay({ seed: 5, jobs: 300, startAt: Date.UTC(2024, 1, 1) })
  const bodies = webhooksOf(day, { seed: 5, instanceUrl: 'https://gitlab.com' }).map(({ headers, body }) => ({
    headers,
    body,
  }))

  test('gives the same state and decisions in whatever order its files come', async () => {
    const results: unknown[] = []
    for (const seed of [1, 2]) {
      const { deps } = await startServer()
      await replay({ paths: [ndjson(shuffled(bodies, seed))] }, deps)
      const decisions = await deps.warehouse.query(
        'SELECT * FROM ci_metrics.runner_decisions ORDER BY decision_id',
      )
      results.push({ state: await stateBytes(deps), decisions })
    }
    expect(results[0]).toEqual(results[1])
  })

  test('is learned from although it is old, and decided on from what was known then', async () => {
    const { deps } = await startServer()
    await replay({ paths: [ndjson(bodies)] }, deps)
    const rows = await deps.warehouse.query(
      'SELECT job_id, decided_late, decided_at, state_as_of_at, state_observations FROM ci_metrics.decision_outcomes',
    )
    expect(rows).toHaveLength(300)
    for (const row of rows) {
      const job = day.jobs.find(({ id }) => id === row.job_id)
      // By GitLab's second-precise dates: what had ended before this job started (or, never started, ended).
      const moment = Date.parse(row.decided_at as string)
      const known = day.jobs.filter((other) => {
        const counts = other.status !== 'canceled' && other.durationSeconds !== null
        return counts && other.id !== job?.id && Math.floor(other.finishedAtMs / 1000) * 1000 < moment
      })
      expect(row.state_observations).toBe(known.length)
    }
  })

  test('meets live webhooks of the same jobs in one identity', async () => {
    const { url, deps } = await startServer()
    const now = Date.now()
    const live = Array.from({ length: 5 }, (_, index) => jobWebhook({ build_id: 1 + index }, now))
    for (const body of live.slice(0, 3)) await postWebhook(url, body)
    const report = await replay({ paths: [ndjson(live)] }, deps)
    expect(report).toMatchObject({ accepted: 2, duplicates: 3 })
    const again = await postWebhook(url, live[4])
    expect(await again.json()).toMatchObject({ status: 'duplicate' })
    await deps.deliveries.drained()
    expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 5 })
  })
})

test('decides for a job between two older ones from the first of them only', async () => {
  const { deps } = await startServer()
  const at = Date.UTC(2024, 5, 1)
  const finished = (id: number, startedAt: number) =>
    jobWebhook({
      build_id: id,
      build_created_at: gitlabTime(startedAt),
      build_started_at: gitlabTime(startedAt),
      build_finished_at: gitlabTime(startedAt + 60_000),
    })
  await replay({ paths: [ndjson([finished(1, at), finished(3, at + 2 * HOUR_MS)])] }, deps)
  const started = running({
    build_id: 2,
    build_created_at: gitlabTime(at + HOUR_MS),
    build_started_at: gitlabTime(at + HOUR_MS),
  })
  await replay({ paths: [ndjson([started])] }, deps)
  const [row] = await deps.warehouse.query(
    'SELECT state_observations FROM ci_metrics.decision_outcomes WHERE job_id = 2',
  )
  expect(row).toEqual({ state_observations: 1 })
})

test('counts what it ignores and sets aside by reason, and keeps one row of what it sets aside', async () => {
  const { deps } = await startServer()
  const paths = [
    ndjson([
      { object_kind: 'push' },
      jobWebhook({ build_status: 'created' }),
      { object_kind: 'build' },
      'no json',
    ]),
  ]
  const expected = {
    files: 4,
    accepted: 0,
    duplicates: 0,
    ignored: 2,
    quarantined: 2,
    by_reason: { other_kind: 1, other_status: 1, no_status: 1, not_json: 1 },
  }
  expect(await replay({ paths }, deps)).toEqual(expected)
  expect(await replay({ paths }, deps)).toEqual(expected)
  expect(await deps.warehouse.query('SELECT code FROM ci_metrics.quarantine')).toHaveLength(2)
})

test('a path that is not there is an error that names it, and changes nothing', async () => {
  const { deps } = await startServer()
  await expect(replay({ paths: ['/no/such/file.json'] }, deps)).rejects.toThrow('/no/such/file.json')
  expect((await deps.state.read()).generation).toBe('0')
})
