import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openFolder } from '../../../functions/local/folder.ts'
import { writeSimulation } from '../../../functions/local/write-simulation.ts'
import { ConfigError } from '../../../shared/errors.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { createLog } from '../../../shared/runtime/log.ts'
import { defaultWorld, loggedJobsOf, scenarioOf, simulate } from '../../../shared/simulator/index.ts'

const JOBS = 300
const NOW = Date.parse('2026-03-02T12:00:00Z')
const root = mkdtempSync(join(tmpdir(), 'simulation-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const world = defaultWorld({ jobsPerDay: 600 })
const scenario = scenarioOf(world, 9, JOBS)
const run = simulate(scenario, 'sticky')
const silent = () => {}

describe('a simulation that is written', () => {
  test('is a data folder like any other, with the truth beside it', async () => {
    const folder = join(root, 'new')
    const written = await writeSimulation(folder, { scenario, run, now: NOW }, silent)
    expect(written).toMatchObject({
      jobs: JOBS,
      events: 3 * JOBS,
      startsAt: Date.parse('2026-03-01T00:00:00Z'),
    })

    const settings = loadConfig({ RUNNER_BANDIT_DATA: folder, RUNNER_BANDIT_FLEET: written.fleetFile })
    const deps = await openFolder(settings, createLog('warning'))
    try {
      const rows = await deps.warehouse.query(`
        SELECT decision_id, decided_late, actual_runner, actual_unmanaged, feasible, tags_source, reward, queued_seconds
        FROM ci_metrics.decision_outcomes`)
      // What the fast path says of the same jobs: two ways to the same log.
      const { jobs } = loggedJobsOf(world, { seed: 9, jobs: JOBS })
      const byId = new Map(rows.map((row) => [row.decision_id, row]))
      expect(byId.size).toBe(JOBS)
      for (const job of jobs) {
        const row = byId.get(job.id)
        expect(row).toMatchObject({ decided_late: false, actual_unmanaged: false, tags_source: 'jobs_api' })
        expect(row?.actual_runner).toBe(job.action)
        const feasible = JSON.parse(String(row?.feasible)) as { arm: string }[]
        expect(feasible.map(({ arm }) => arm)).toEqual(job.feasible)
        // A canceled job has no reward in the row, and one of 0 in evaluation.
        expect(Number(row?.reward ?? 0) / 10).toBeCloseTo(job.reward ?? 0, 9)
      }
      const state = await deps.state.read()
      const learned = [...state.state.arms.values()].reduce((sum, { n }) => sum + n, 0)
      expect(learned).toBe(JOBS - run.status.filter((status) => status === 3).length)

      const [truth] = await deps.warehouse.query(`
        SELECT COUNT(*) AS n, COUNT(DISTINCT job_id) AS jobs, MIN(success) AS least, MAX(reward) AS most
        FROM ci_metrics.potential_outcomes`)
      const pairs = jobs.reduce((sum, { feasible }) => sum + feasible.length, 0)
      expect(truth).toMatchObject({ n: pairs, jobs: JOBS })
      expect(written.potentialOutcomes).toBe(pairs)
      const [sources] = await deps.warehouse.query(
        'SELECT COUNT(DISTINCT source) AS n, MIN(source) AS source, COUNTIF(late) AS late FROM ci_metrics.job_events',
      )
      expect(sources).toEqual({ n: 1, source: 'synthetic', late: 0 })
    } finally {
      await deps.close()
    }
  })

  test('is never mixed with what is there', async () => {
    const folder = mkdtempSync(join(root, 'old-'))
    writeFileSync(join(folder, 'warehouse.duckdb'), 'of somebody')
    await expect(writeSimulation(folder, { scenario, run, now: NOW }, silent)).rejects.toThrow(ConfigError)
  })
})
