/** doctor: what is well, what is not, and what mends it. Looks, and changes nothing. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, InvalidInputError, TransientError } from '../../../shared/errors.ts'
import { loadConfigLeniently } from '../../../shared/runtime/config.ts'
import { openLocalForReading } from '../../../shared/runtime/deps-local.ts'
import type { Settings } from '../../../shared/schema/settings.ts'
import { type Inspection, inspect, type Outline, outlineOf } from '../../inspect.ts'
import { callServer } from '../socket.ts'
import { type Check, failed, named, ok, shell, skipped } from './check.ts'
import { checkFacts, skipFacts } from './facts.ts'
import { checkGitlab } from './gitlab.ts'
import {
  checkDisk,
  checkFleet,
  checkFolder,
  checkNode,
  checkSettings,
  checkTokens,
  projectOf,
} from './place.ts'

/** How long a server may take to answer before it counts as hanging. */
const SILENCE_MS = 10_000

/** What was found out about the folder; `outline` is the running server's. */
type Found = { server: Check; files: Check; facts?: Inspection; outline?: Outline; why: string }

export async function diagnose(
  dataFolder: string | undefined,
  { silenceMs = SILENCE_MS }: { silenceMs?: number } = {},
): Promise<Check[]> {
  const overrides = dataFolder === undefined ? {} : { RUNNER_BANDIT_DATA: dataFolder }
  const { settings, faults } = loadConfigLeniently(undefined, overrides)
  const folder = settings.dataFolder
  const options = folder === './data' ? '' : ` --data ${shell(folder)}`
  const found = await findOut(settings, silenceMs)
  const outline = found.outline ?? outlineOf(settings, 0)
  const fleetFile = outline.fleetFile ?? undefined
  const projectId = projectOf(fleetFile)
  const gitlab = await checkGitlab(settings, outline.publicUrl, found.facts?.newestProjectId ?? projectId)
  const before = { projectId, isHooked: gitlab.isHooked }
  return [
    checkNode(),
    checkSettings(faults),
    checkFleet(fleetFile, found.outline?.arms),
    checkTokens(outline),
    checkFolder(folder),
    checkDisk(folder),
    found.server,
    found.files,
    ...(found.facts === undefined
      ? skipFacts(found.why)
      : checkFacts(found.facts, outline, (command) => `npx runner-bandit ${command}${options}`, before)),
    gitlab.check,
  ]
}

async function findOut(settings: Settings, silenceMs: number): Promise<Found> {
  const folder = settings.dataFolder
  if (!existsSync(folder)) {
    const why = 'there is no data folder yet'
    return { server: named('Server', skipped(why)), files: named('Files', skipped(why)), why }
  }
  try {
    const answered = await callServer(folder, 'inspect', {}, () => {}, silenceMs)
    if (answered !== undefined) {
      const { facts, outline } = answered.result as { facts: Inspection; outline: Outline }
      return {
        server: named('Server', ok('it runs and answers')),
        files: named('Files', ok('opened by the server')),
        facts,
        outline,
        why: '',
      }
    }
  } catch (error) {
    const why = 'the server that has the data folder does not answer'
    return { server: named('Server', serverFault(error)), files: named('Files', skipped(why)), why }
  }
  return findOutFromFiles(folder)
}

function serverFault(error: unknown) {
  const message = error instanceof Error ? error.message : String(error)
  const mend = 'Look at the log of the server, end it, and start it again: npx runner-bandit serve'
  if (error instanceof InvalidInputError) return failed(`it is of an older version (${message})`, mend)
  return failed(message, mend)
}

async function findOutFromFiles(folder: string): Promise<Found> {
  const server = named('Server', ok('none runs, and the data folder is free'))
  if (!['bus.db', 'warehouse.duckdb'].every((file) => existsSync(join(folder, file)))) {
    const why = 'the data folder holds nothing yet'
    return { server, files: named('Files', skipped(why)), why }
  }
  try {
    const reading = await openLocalForReading(folder)
    try {
      if (reading.isOlder) {
        const why = 'of an older version; the next start brings them up to date'
        return { server, files: named('Files', ok(why)), why: `the files are ${why}` }
      }
      const facts = await inspect({ ...reading, clock: { now: Date.now } })
      return { server, files: named('Files', ok('legible to this version')), facts, why: '' }
    } finally {
      await reading.close()
    }
  } catch (error) {
    return fileFault(error)
  }
}

function fileFault(error: unknown): Found {
  const message = error instanceof Error ? error.message : String(error)
  const why = 'the files of the data folder cannot be read'
  if (error instanceof ConfigError && message.includes('in use')) {
    const inUse = failed(
      'a process has the data folder open and listens to no commands',
      'ps aux | grep runner-bandit',
    )
    return { server: named('Server', inUse), files: named('Files', skipped('they are in use')), why }
  }
  const isExpected = error instanceof ConfigError || error instanceof TransientError
  const mend = message.includes('newer version')
    ? 'Run the newer version, or choose another folder with --data.'
    : 'npx runner-bandit serve   (brings older files up to date, and says what it cannot use)'
  const finding = isExpected ? message : `they cannot be understood (${message})`
  const server = named('Server', ok('none runs'))
  return { server, files: named('Files', failed(finding, mend)), why }
}
