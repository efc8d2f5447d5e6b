/**
 * The same logs by two ways: simulated events taken in as real ones are, decided on in shadow, and asked by the views; and the
 * estimators in TypeScript on what the simulator knows. Both have to say the same.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Instant } from '../../shared/domain/event.ts'
import type { Row } from '../../shared/ports.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import type { Progress } from '../../shared/runtime/handler.ts'
import { createLog } from '../../shared/runtime/log.ts'
import {
  type Estimated,
  estimatedOn,
  playedLog,
  prefixOf,
  sampleFrom,
} from '../../shared/simulator/validation/index.ts'
import type { World } from '../../shared/simulator/world.ts'
import { openFolder } from './folder.ts'
import { writeSimulation } from './write-simulation.ts'

export type ThroughViews = {
  logs: number
  /** Values, standard errors and bounds that both have. */
  compared: number
  /** Relative, absolute below 1. */
  largestDifference: number
}

/** What the views call the sources; nothing here was routed, so none is recorded. */
const SOURCES: Readonly<Record<string, string>> = { estimated: 'estimated', assumed: 'uniform' }
const COLUMNS = ['value', 'standard_error', 'low', 'high'] as const
const LOGGER = 'sticky'
/** The simulator's rewards are in [0, 1], the product's in [0, 10]. */
const UNIT = 10

export async function compareThroughViews(
  world: World,
  { logs, firstSeed, jobs, now }: { logs: number; firstSeed: number; jobs: number; now: Instant },
  progress: Progress,
): Promise<ThroughViews> {
  let compared = 0
  let largestDifference = 0
  for (let number = firstSeed; number < firstSeed + logs; number += 1) {
    const { scenario, run } = playedLog(world, { number, jobs, logger: LOGGER })
    const folder = mkdtempSync(join(tmpdir(), 'runner-bandit-validation-'))
    try {
      const { fleetFile } = await writeSimulation(folder, { scenario, run, now }, progress)
      const rows = await valuesIn(folder, fleetFile)
      const estimated = estimatedOn(prefixOf(sampleFrom(scenario, run, true), jobs))
      for (const [ours, theirs] of pairsOf(estimated, rows)) {
        compared += 1
        largestDifference = Math.max(largestDifference, differenceOf(ours, theirs))
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return { logs, compared, largestDifference }
}

async function valuesIn(folder: string, fleetFile: string): Promise<Row[]> {
  const settings = loadConfig({ RUNNER_BANDIT_DATA: folder, RUNNER_BANDIT_FLEET: fleetFile })
  const deps = await openFolder(settings, createLog('warning'))
  try {
    return await deps.warehouse.query(`
SELECT target, source, estimator, ${COLUMNS.join(', ')}
FROM ci_metrics.policy_value
WHERE reward_name = 'spec' AND period = 'all'`)
  } finally {
    await deps.close()
  }
}

/** Ours and the view's, of each figure of each estimate that the views give; in units of the product's reward. */
function* pairsOf(estimated: readonly Estimated[], rows: readonly Row[]): Iterable<[number, number]> {
  const byName = new Map(rows.map((row) => [`${row.target} ${row.source} ${row.estimator}`, row]))
  for (const { target, source, estimates } of estimated) {
    for (const [name, { value, standardError, low, high }] of Object.entries(estimates)) {
      const row = byName.get(`${target} ${SOURCES[source]} ${name}`)
      if (row === undefined) continue
      for (const [place, figure] of [value, standardError, low, high].entries()) {
        yield [UNIT * (figure ?? Number.NaN), Number(row[COLUMNS[place] as string] ?? Number.NaN)]
      }
    }
  }
}

/** Infinite where one of them has no number. */
function differenceOf(a: number, b: number): number {
  if (Number.isNaN(a) && Number.isNaN(b)) return 0
  const difference = Math.abs(a - b) / Math.max(1, Math.abs(a), Math.abs(b))
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
}
