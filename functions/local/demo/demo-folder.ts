/** The folder of the demo: it is emptied at each start, so nothing but a demo's may ever be in it. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../../shared/errors.ts'
import type { Log } from '../../../shared/ports.ts'
import { openLocalDeps } from '../../../shared/runtime/deps-local.ts'
import { makeFolder } from '../../../shared/runtime/make-folder.ts'
import type { Settings } from '../../../shared/schema/settings.ts'

export const DEFAULT_FOLDER = './data-demo'
const MARK = 'made-by-demo'

export function isDemoFolder(folder: string): boolean {
  return existsSync(join(folder, MARK))
}

/** For who has just seen the demo, and asks another folder; empty where there was none. */
export function whereTheDemoIs(): string {
  return existsSync(DEFAULT_FOLDER)
    ? `What the demo played is in another folder: --data ${DEFAULT_FOLDER}`
    : ''
}

/**
 * Makes the folder, or empties it when a demo made it.
 * @throws ConfigError when it holds anything else, or another process has it.
 */
export async function prepareDemoFolder(settings: Settings, log: Log): Promise<void> {
  const folder = settings.dataFolder
  const content = existsSync(folder) ? readdirSync(folder) : []
  if (content.length > 0) {
    if (!isDemoFolder(folder))
      throw new ConfigError(
        `${folder} is not a demo's folder, and a demo starts with an empty one; choose another with --data.`,
      )
    if (content.includes('bus.db') || content.includes('warehouse.duckdb'))
      await refuseRealEvents(settings, log)
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true })
  }
  makeFolder(folder)
  writeFileSync(
    join(folder, MARK),
    'Made by "runner-bandit serve --demo", which empties this folder at each start.\n',
  )
}

/**
 * Opening it shows, too, that no other process has it.
 * @throws ConfigError when it cannot be opened: what it holds is then not known.
 */
async function refuseRealEvents(settings: Settings, log: Log): Promise<void> {
  const deps = await openLocalDeps(settings, log)
  const rows = await deps.warehouse
    .query("SELECT COUNT(*) AS real_events FROM ci_metrics.job_events WHERE source <> 'synthetic'")
    .finally(() => deps.close())
  if (rows[0]?.real_events === 0) return
  throw new ConfigError(
    `${settings.dataFolder} holds events that no demo made; choose another folder with --data.`,
  )
}
