/** The server of one machine, in this process, to look inside. */
import { readdirSync } from 'node:fs'
import type { Bounds } from '../../../functions/http/listener.ts'
import { openFolder } from '../../../functions/local/folder.ts'
import { listen } from '../../../functions/local/http.ts'
import type { Log } from '../../../shared/ports.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { whenFileDone } from '../../support/file-done.ts'
import { dataFolder, spawnServer, WEBHOOK_TOKEN } from '../../support/server.ts'
import { ADMIN_TOKEN, API_TOKEN, type Environment, looksAt, type Target, type Targets } from './target.ts'

export const localTargets: Targets = {
  name: 'one machine',
  knowsRepeats: true,
  boundsItsQueue: true,

  start: (env) => startLocal(env),

  async watch() {
    const env = { RUNNER_BANDIT_DATA: dataFolder() }
    const { url, stderr } = await spawnServer({ ...env, LOG_LEVEL: 'debug' })
    // Its commands go through the server, after what it has to handle.
    return { url, env, stderr, settled: async () => {} }
  },
}

export async function startLocal(env: Environment = {}, bounds: Partial<Bounds> = {}): Promise<Target> {
  let logged: string[] = []
  const note = (message: string) => {
    logged.push(message)
  }
  const log: Log = { debug() {}, info: note, warning: note, error: note }
  const settings = loadConfig({
    PORT: '0',
    GITLAB_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
    RUNNER_BANDIT_API_TOKEN: API_TOKEN,
    RUNNER_BANDIT_MODE: 'autonomous',
    RUNNER_BANDIT_ADMIN_TOKEN: ADMIN_TOKEN,
    RUNNER_BANDIT_DATA: dataFolder(),
    ...env,
  })
  const deps = await openFolder(settings, log)
  const { server, port } = await listen(deps, bounds)
  whenFileDone(async () => {
    server.closeAllConnections()
    server.close()
    await deps.close()
  })
  const url = `http://127.0.0.1:${port}`
  // SQLite and DuckDB have files beside theirs, which come and go.
  const files = () =>
    readdirSync(settings.dataFolder).map((name) => name.replace(/[-.](wal|shm|journal)$/, ''))
  return {
    url,
    port,
    ...looksAt(deps, deps.deliveries.drained, files, ['job_events', 'runner_decisions', 'job_outcomes']),
    ask: (path, init) =>
      fetch(`${url}${path}`, { headers: { authorization: `Bearer ${API_TOKEN}` }, ...init }),
    newlyLogged() {
      const fresh = logged
      logged = []
      return fresh
    },
  }
}
