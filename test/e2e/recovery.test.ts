/** What a start repairs, and what waits on disk while nobody handles it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ingest } from '../../functions/ingest.ts'
import { openFolder } from '../../functions/local/folder.ts'
import { runOperation } from '../../functions/operations.ts'
import { rebuild } from '../../functions/rebuild.ts'
import { replay } from '../../functions/replay.ts'
import type { StateStore } from '../../shared/ports.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { dataFolder, postWebhook, silent, startServer, WEBHOOK_TOKEN } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

function fileOf(bodies: readonly unknown[]): string {
  const path = join(dataFolder(), 'bodies.ndjson')
  writeFileSync(path, bodies.map((body) => JSON.stringify(body)).join('\n'))
  return path
}

/** A webhook without the way over HTTP. */
function take(body: unknown, deps: LocalDeps) {
  const headers = { 'x-gitlab-token': WEBHOOK_TOKEN, 'content-type': 'application/json' }
  const bytes = Buffer.from(JSON.stringify(body))
  const drain = async () => bytes.length
  const query = new URLSearchParams()
  return ingest({ method: 'POST', query, headers, body: async () => bytes, drain }, deps)
}

const dying = (store: StateStore): StateStore => ({
  ...store,
  write: () => Promise.reject(new Error('killed before the state was written')),
})

test('a replay that died between the log and the state is made good by the next start', async () => {
  const settings = loadConfig({ RUNNER_BANDIT_DATA: dataFolder(), GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
  const first = await openFolder(settings, silent)
  first.state = dying(first.state)
  await expect(replay({ paths: [fileOf([jobWebhook()])] }, first)).rejects.toThrow('killed')
  await first.close()

  const second = await openFolder(settings, silent)
  expect(await rebuild({ check: true }, second)).toMatchObject({ equal: true, observations: 1 })
  await second.close()
})

test('so it is when webhooks were accepted meanwhile and wait to be learned from', async () => {
  const settings = loadConfig({ RUNNER_BANDIT_DATA: dataFolder(), GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN })
  const first = await openFolder(settings, silent)
  first.state = {
    ...first.state,
    async write() {
      for (let id = 100; id < 150; id += 1) await take(jobWebhook({ build_id: id }), first)
      // Not even what is accepted is learned from before the process is gone.
      await first.close()
      throw new Error('killed before the state was written')
    },
  }
  const bodies = Array.from({ length: 5 }, (_, index) => jobWebhook({ build_id: 1 + index }))
  await expect(replay({ paths: [fileOf(bodies)] }, first)).rejects.toThrow('killed')

  const second = await openFolder(settings, silent)
  expect(await rebuild({ check: true }, second)).toMatchObject({ equal: true, observations: 55 })
  await second.close()
})

test('a rebuild waits for a log that lacks what has been learned', async () => {
  const { url, deps } = await startServer()
  const { warehouse } = deps
  deps.warehouse = {
    ...warehouse,
    insert: (table, rows) =>
      table === 'job_events' ? Promise.reject(new Error('no such luck')) : warehouse.insert(table, rows),
  }
  await postWebhook(url, jobWebhook())
  await deps.deliveries.drained()
  await expect(rebuild({ check: false }, deps)).rejects.toThrow(
    '1 events could not be written to the log yet',
  )
  expect((await deps.state.read()).state.arms.get('Mac Docker Runner')?.n).toBe(1)
  deps.warehouse = warehouse
})

test('a replay that died before the log is made good by repeating it, without a decision too many', async () => {
  const { deps } = await startServer()
  const paths = [fileOf([jobWebhook()])]
  const { warehouse } = deps
  deps.warehouse = {
    ...warehouse,
    insert: (table, rows) =>
      table === 'job_events'
        ? Promise.reject(new Error('killed before the log'))
        : warehouse.insert(table, rows),
  }
  await expect(replay({ paths }, deps)).rejects.toThrow('killed')
  deps.warehouse = warehouse
  expect(await replay({ paths }, deps)).toMatchObject({ accepted: 1 })
  const rows = await warehouse.query('SELECT job_id, job_status FROM ci_metrics.decision_outcomes')
  expect(rows).toEqual([{ job_id: 1001, job_status: 'success' }])
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 1 })
})

test('a state that vanishes or changes under a running server is noticed, and not gone on from', async () => {
  const { url, deps } = await startServer()
  const path = join(deps.settings.dataFolder, 'bandit_state.json')
  await postWebhook(url, jobWebhook({ build_id: 1 }))
  await deps.deliveries.drained()
  writeFileSync(path, readFileSync(path, 'utf8').replace('[1,1,', '[7,1,'))
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: false })
  rmSync(path)
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: false })
  await postWebhook(url, jobWebhook({ build_id: 2 }))
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(deps.bus.depths()).toMatchObject({ learn: 1 })
  expect(existsSync(path)).toBe(false)
})

test('webhooks that come during a replay are accepted, wait, and are handled after it', async () => {
  const { url, deps } = await startServer()
  const { state } = deps
  let acceptedMeanwhile: unknown
  deps.state = {
    ...state,
    async write(next, generation) {
      deps.state = state
      acceptedMeanwhile = await (await postWebhook(url, jobWebhook({ build_id: 2 }))).json()
      return state.write(next, generation)
    },
  }
  await replay({ paths: [fileOf([jobWebhook({ build_id: 1 })])] }, deps)
  expect(acceptedMeanwhile).toMatchObject({ status: 'accepted' })
  await deps.deliveries.drained()
  expect(await rebuild({ check: true }, deps)).toMatchObject({ equal: true, observations: 2 })
})

test('the cap on unmanaged arms holds over a restart', async () => {
  const folder = dataFolder()
  const by = (id: number) =>
    jobWebhook({ build_id: id, runner: { id: 900 + id, description: `stranger ${id}`, tags: [] } })
  const statuses: unknown[] = []
  for (const id of [1, 2]) {
    const settings = loadConfig({
      RUNNER_BANDIT_DATA: folder,
      MAX_UNMANAGED_ARMS: '1',
      GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
    })
    const deps = await openFolder(settings, silent)
    statuses.push((await take(by(id), deps)).body)
    await deps.deliveries.drained()
    await deps.close()
  }
  expect(statuses).toMatchObject([
    { status: 'accepted' },
    { status: 'quarantined', code: 'too_many_unmanaged_arms' },
  ])
})

test('a question is answered from everything that was accepted before it', async () => {
  const { url, deps } = await startServer()
  await postWebhook(url, jobWebhook())
  const sql = { query: 'SELECT job_status FROM ci_metrics.decision_outcomes' }
  expect(await runOperation('sql', sql, deps, () => {})).toEqual([{ job_status: 'success' }])
  await postWebhook(url, jobWebhook({ build_id: 2 }))
  expect(await runOperation('stats', {}, deps, () => {})).toMatchObject({ observations: 2 })
})
