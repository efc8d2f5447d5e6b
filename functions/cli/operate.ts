/** Runs an operation where what is kept is: in the server that owns the data folder, here, or on Google Cloud. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { ConfigError } from '../../shared/errors.ts'
import type { WarehouseSchema } from '../../shared/ports.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import type { Progress } from '../../shared/runtime/handler.ts'
import { createLog } from '../../shared/runtime/log.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import * as say from '../local/say.ts'
import { callServer, sparingly } from '../local/socket.ts'
import type { OperationName } from '../operations.ts'

type GlobalOptions = { data?: string; json?: boolean }

/** How long a command waits for another one that has the data folder. */
const PATIENCE_MS = 5000

/** What may be the first thing that is done in a data folder: it is made. All others ask what is kept. */
const BEGIN_A_FOLDER: readonly OperationName[] = ['replay', 'backfill', 'reconcile', 'hook-install']
/** What asks nothing of what is kept: without a data folder none is begun. */
const ASK_NOTHING_KEPT: readonly OperationName[] = ['explain-ci']

/** @param print turns the result into text; with `--json` it is printed as it is. */
export async function operate<T>(
  name: OperationName,
  input: unknown,
  command: Command,
  print: (result: T) => string,
): Promise<unknown> {
  const settings = settingsFor(command)
  const progress = say.progressOn(process.stderr)
  const result = await runWhereKept(settings, name, input, progress).finally(progress.end)
  const { json } = command.optsWithGlobals<GlobalOptions>()
  console.log(
    json && typeof result !== 'string'
      ? JSON.stringify(result, null, 2)
      : say.harmless(print(result as T)).trimEnd(),
  )
  return result
}

/** The operation's result, as it is. */
export async function runWhereKept(
  settings: Settings,
  name: OperationName,
  input: unknown,
  progress: Progress,
): Promise<unknown> {
  if (settings.cloud !== undefined) return runOnCloud(settings, name, input, progress)
  const giveUpAt = performance.now() + PATIENCE_MS
  while (true) {
    const answered = await callServer(settings.dataFolder, name, input, progress)
    if (answered !== undefined) return answered.result
    try {
      return await runHere(settings, name, input, progress)
    } catch (error) {
      const isBusy = error instanceof ConfigError && /in use by another/.test(error.message)
      if (!isBusy || performance.now() > giveUpAt) throw error
      await sleep(100)
    }
  }
}

/** With the credentials of who runs the command, and no server between. */
async function runOnCloud(
  settings: Settings,
  name: OperationName,
  input: unknown,
  progress: Progress,
): Promise<unknown> {
  const { openCloudDeps } = await import('../../shared/runtime/deps-cloud.ts')
  const { runOperation } = await import('../operations.ts')
  const deps = openCloudDeps(settings, createLog(say.quieter(settings.logLevel)))
  try {
    return await runOperation(name, input, deps, sparingly(progress))
  } finally {
    await deps.close()
  }
}

async function runHere(
  settings: Settings,
  name: OperationName,
  input: unknown,
  progress: Progress,
): Promise<unknown> {
  if (!existsSync(settings.dataFolder) && ASK_NOTHING_KEPT.includes(name))
    return runInPassing(settings, name, input, progress)
  const { openFolder, refuseMissingFolder } = await import('../local/folder.ts')
  const { runOperation } = await import('../operations.ts')
  if (!BEGIN_A_FOLDER.includes(name)) refuseMissingFolder(settings)
  const deps = await openFolder(settings, createLog(say.quieter(settings.logLevel)), {
    mend: name === 'rebuild',
  })
  try {
    return await runOperation(name, input, deps, sparingly(progress))
  } finally {
    await deps.close()
  }
}

/** In a folder that is gone afterwards. */
async function runInPassing(
  settings: Settings,
  name: OperationName,
  input: unknown,
  progress: Progress,
): Promise<unknown> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'runner-bandit-'))
  try {
    return await runHere({ ...settings, dataFolder }, name, input, progress)
  } finally {
    rmSync(dataFolder, { recursive: true, force: true })
  }
}

/** The tables and views of the cloud that the settings name. @throws ConfigError when they name none. */
export async function warehouseSchemaFor(command: Command): Promise<WarehouseSchema> {
  const settings = settingsFor(command)
  const { openCloudSchema } = await import('../../shared/runtime/deps-cloud.ts')
  return openCloudSchema(settings, createLog(say.quieter(settings.logLevel)))
}

/** @throws ConfigError listing every fault of the settings. */
export function settingsFor(command: Command): Settings {
  const { data } = command.optsWithGlobals<GlobalOptions>()
  return loadConfig(undefined, data === undefined ? {} : { RUNNER_BANDIT_DATA: data })
}

/**
 * What a command that speaks with GitLab hands on, also to a running server: the token of this environment, with the
 * GitLab that it is for, so that no other gets it. The socket that it goes through is its owner's alone.
 */
export function gitlabOf(command: Command): { api_token?: string; gitlab_url?: string } {
  const { gitlabApiToken, gitlabUrl } = settingsFor(command)
  return gitlabApiToken === undefined ? {} : { api_token: gitlabApiToken, gitlab_url: gitlabUrl }
}
