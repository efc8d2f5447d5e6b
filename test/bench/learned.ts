/** Fleets and states of a chosen size, with something learned, for what is measured without a server's help. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JobEvent } from '../../shared/domain/event.ts'
import { fold } from '../../shared/domain/fold.ts'
import { type BanditState, EMPTY_STATE } from '../../shared/domain/state.ts'
import { encodeState } from '../../shared/schema/state.ts'
import { finishedEvent, HOUR, NOON, SECOND, WINDOW } from '../support/builders.ts'

const EXECUTORS = ['docker', 'shell', 'kubernetes'] as const
const PROJECTS = 5

export type Size = { arms: number; jobKeys: number }

/** Ids outlive the lateness window by a day; so much of the past is in a state whose window is full. */
const ID_WINDOW_HOURS = WINDOW / HOUR + 24

/** As long as the names of the example fleet. */
export const armName = (index: number) => `Linux Docker Runner ${number(index)}`
const number = (index: number) => String(index).padStart(4, '0')

const keyNumber = (index: number, { arms, jobKeys }: Size) => Math.floor(index / arms) % jobKeys
const projectNumber = (index: number, size: Size) => 101 + (keyNumber(index, size) % PROJECTS)

/** The `index`th success: arms and job keys in turn, so that arms × jobKeys events make as many cells. */
function successNumber(index: number, size: Size, occurredAt: number): JobEvent {
  const { arms } = size
  const key = keyNumber(index, size)
  const projectId = projectNumber(index, size)
  const jobName = `job ${Math.floor(key / PROJECTS)}`
  const durationSeconds = 20 + (index % 97) + (index % arms)
  const startedAt = occurredAt - durationSeconds * SECOND
  return finishedEvent({
    projectId,
    jobName,
    jobKey: `${projectId}/${jobName}`,
    jobId: 1 + index,
    arm: armName(index % arms),
    durationSeconds,
    occurredAt,
    finishedAt: occurredAt,
    startedAt,
    costPerHourEur: 0.02,
  })
}

/** `count` successes, evenly over the id window that ends at NOON. */
export function successes(count: number, size: Size): JobEvent[] {
  const spanMs = (ID_WINDOW_HOURS - 1) * HOUR
  return Array.from({ length: count }, (_, index) =>
    successNumber(index, size, Math.round(NOON - spanMs + (spanMs * (index + 1)) / count)),
  )
}

export const stateWith = (ids: number, size: Size): BanditState =>
  fold(EMPTY_STATE, successes(ids, size), WINDOW)

/** As many events that are not in such a state, all of the hour after it. */
export function nextSuccesses(count: number, ids: number, size: Size): JobEvent[] {
  return Array.from({ length: count }, (_, index) =>
    successNumber(ids + index, size, NOON + Math.floor((index * HOUR) / count)),
  )
}

/** As many of those jobs that are wanted, all of the hour after it. */
export function wantedSuccesses(
  count: number,
  ids: number,
  size: Size,
  isWanted: (projectId: number, jobId: number) => boolean,
): JobEvent[] {
  const events: JobEvent[] = []
  for (let index = ids; events.length < count; index += 1) {
    if (!isWanted(projectNumber(index, size), 1 + index)) continue
    events.push(successNumber(index, size, NOON + Math.floor((events.length * HOUR) / count)))
  }
  return events
}

/** `count` successes, and a way to make as many later ones of them, without new objects. */
export type Coming = { events: JobEvent[]; goOn(): void }

/**
 * Successes without an end, so far apart that a full window holds `ids` of them. The same objects are used again, so
 * that what is measured does not collect the garbage of who measures.
 */
export function successesAsTheyCome(count: number, ids: number, size: Size): Coming {
  const msBetween = (ID_WINDOW_HOURS * HOUR) / ids
  const instantOf = (index: number) => NOON + Math.floor(index * msBetween)
  const events = Array.from({ length: count }, (_, index) => successNumber(index, size, instantOf(index)))
  let next = count
  return {
    events,
    goOn() {
      for (const event of events) {
        event.jobId = 1 + next
        event.occurredAt = instantOf(next)
        next += 1
      }
    },
  }
}

/**
 * Writes a fleet file of as many runners, a third of each executor, and into the data folder a state in which each has
 * had 20 jobs. All carry the tag "any-runner". Returns the path of the fleet file.
 */
export function writeFleet(arms: number, dataFolder: string): string {
  const runners = Array.from({ length: arms }, (_, index) => {
    const executor = EXECUTORS[index % EXECUTORS.length] as string
    const own = `own-${number(index)}`
    return {
      name: armName(index),
      machine: 'm',
      executor,
      tags: ['any-runner', `${executor}-any`, own],
      own_tag: own,
    }
  })
  const fleet = { machines: { m: {} }, executors: EXECUTORS, fallback_tag: 'any-runner', runners }
  const path = join(dataFolder, 'fleet.yaml')
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(fleet))
  writeFileSync(
    join(dataFolder, 'bandit_state.json'),
    encodeState(stateWith(20 * arms, { arms, jobKeys: 20 })),
  )
  return path
}
