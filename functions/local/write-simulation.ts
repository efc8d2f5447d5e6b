/** A simulated run as a data folder: the events that GitLab would have told, taken in as the past is, and the truth beside them. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Instant, Witness } from '../../shared/domain/event.ts'
import { ConfigError } from '../../shared/errors.ts'
import { startPast, takeInPast } from '../../shared/runtime/bulk.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import type { Progress } from '../../shared/runtime/handler.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { makeFolder } from '../../shared/runtime/make-folder.ts'
import { takeInWitness } from '../../shared/schema/intake.ts'
import { encodeRow, potentialOutcomeRow } from '../../shared/schema/rows.ts'
import {
  fleetTextOf,
  potentialOutcomesOf,
  type Run,
  type Scenario,
  SIMULATED_GITLAB,
  SIMULATED_INSTANCE,
  witnessesOf,
} from '../../shared/simulator/index.ts'
import { openFolder } from './folder.ts'

const DAY_MS = 86_400_000
const CHUNK = 5000
const NO_BYTES = new Uint8Array()

export type WrittenSimulation = {
  events: number
  jobs: number
  potentialOutcomes: number
  /** Midnight UTC, so long ago that everything has ended by now. */
  startsAt: Instant
  fleetFile: string
}

/**
 * @param folder is made; it may be there if it is empty.
 * @throws ConfigError when it holds anything.
 */
export async function writeSimulation(
  folder: string,
  { scenario, run, now }: { scenario: Scenario; run: Run; now: Instant },
  progress: Progress,
): Promise<WrittenSimulation> {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new ConfigError(`${folder} is not empty; a simulation is written into a new folder.`)
  makeFolder(folder)
  const fleetFile = join(folder, 'fleet.yaml')
  writeFileSync(fleetFile, fleetTextOf(scenario.world), { mode: 0o600 })
  const endsMs = run.endMs.reduce((last, endMs) => Math.max(last, endMs), 0)
  const startsAt = Math.floor((now - endsMs) / DAY_MS) * DAY_MS
  // The environment is left alone: it speaks of a real GitLab.
  const settings = loadConfig({
    GITLAB_URL: SIMULATED_GITLAB,
    RUNNER_BANDIT_DATA: folder,
    RUNNER_BANDIT_FLEET: fleetFile,
  })
  const deps = await openFolder({ ...settings, synthetic: true }, createLog('warning'))
  try {
    const events = await takeInEvents(witnessesOf(scenario, run, startsAt), deps, progress)
    const rows = await writeTruth(scenario, run, { startsAt, deps, progress })
    return { events, jobs: scenario.workload.jobs, potentialOutcomes: rows, startsAt, fleetFile }
  } finally {
    await deps.close()
  }
}

/** As if each had been told when it happened, so that none is late. */
async function takeInEvents(
  witnesses: Iterable<Witness>,
  deps: LocalDeps,
  progress: Progress,
): Promise<number> {
  const past = startPast('synthetic', deps)
  for (const witness of witnesses) {
    const receivedAt = (witness.finishedAt ?? witness.startedAt ?? witness.createdAt) as Instant
    past.add([takeInWitness(witness, NO_BYTES, { ...past.context, receivedAt })], `job ${witness.jobId}`)
  }
  const { accepted } = await takeInPast(past, deps, progress)
  return accepted
}

async function writeTruth(
  scenario: Scenario,
  run: Run,
  { startsAt, deps, progress }: { startsAt: Instant; deps: LocalDeps; progress: Progress },
): Promise<number> {
  let written = 0
  let rows: object[] = []
  const flush = async () => {
    await deps.warehouse.insert('potential_outcomes', rows)
    written += rows.length
    rows = []
    progress({ doing: 'writing potential outcomes', done: written })
  }
  for (const outcome of potentialOutcomesOf(scenario, run, startsAt)) {
    rows.push(encodeRow(potentialOutcomeRow, { ...outcome, instance: SIMULATED_INSTANCE }))
    if (rows.length === CHUNK) await flush()
  }
  await flush()
  return written
}
