/** What developers ask for: pipelines by a daily pattern, each with some of its project's jobs, before any runner has a say. */
import { type Chance, STREAM } from './chance.ts'
import { DAY_MS, type SimulatedKey, type World } from './world.ts'

export type Workload = {
  jobs: number
  /** By job. A pipeline's jobs stand side by side, in the order of their stages. */
  key: Int32Array
  pipeline: Int32Array
  /** From its stage's turn to the job being pending, in ms. */
  pendingAfterMs: Int32Array
  /** By pipeline, with one more at the end: its first job. */
  first: Int32Array
  /** By pipeline: whole ms since the start of the simulation, ascending. */
  arrivesAtMs: Float64Array
}

const MS_PER_MINUTE = 60_000
const MINUTES_OF_DAY = 1440
/** A stage's jobs become pending one after another. */
const PENDING_STEP_MS = 400

/** Exactly `jobs` jobs; the last pipeline may be cut short. */
export function workloadOf(world: World, chance: Chance, jobs: number): Workload {
  const key = new Int32Array(jobs)
  const pipeline = new Int32Array(jobs)
  const pendingAfterMs = new Int32Array(jobs)
  const first: number[] = []
  for (let job = 0; job < jobs; ) {
    const index = first.length
    first.push(job)
    const keys = keysOf(world, chance, index)
    for (let place = 0; place < keys.length && job < jobs; place += 1) {
      key[job] = keys[place] as number
      pipeline[job] = index
      pendingAfterMs[job] = Math.floor(PENDING_STEP_MS * (place + chance(STREAM.pending, index, place)))
      job += 1
    }
  }
  const arrivesAtMs = arrivals(world, chance, first.length)
  return { jobs, key, pipeline, pendingAfterMs, first: Int32Array.from([...first, jobs]), arrivesAtMs }
}

/** Some of a project's keys, at least one. */
function keysOf({ projects, keys }: World, chance: Chance, index: number): readonly number[] {
  const project = projects[
    Math.floor(chance(STREAM.project, index, 0) * projects.length)
  ] as readonly number[]
  const chosen = project.filter(
    (key) => chance(STREAM.includes, index, key) < (keys[key] as SimulatedKey).share,
  )
  return chosen.length > 0 ? chosen : project.slice(0, 1)
}

/** Independent draws from the daily pattern, sorted: a Poisson process of which the number of arrivals is known. */
function arrivals({ pipelinesPerDay, day }: World, chance: Chance, count: number): Float64Array {
  const days = count / pipelinesPerDay
  const minutes = Math.max(1, Math.round(days * MINUTES_OF_DAY))
  const cumulative = new Float64Array(minutes + 1)
  for (let minute = 0; minute < minutes; minute += 1) {
    const rate = day === 'flat' ? 1 : activity((minute % MINUTES_OF_DAY) / 60)
    cumulative[minute + 1] = (cumulative[minute] as number) + rate
  }
  const total = cumulative[minutes] as number
  const scale = (days * DAY_MS) / (minutes * MS_PER_MINUTE)
  const times = new Float64Array(count)
  for (let index = 0; index < count; index += 1) {
    const wanted = chance(STREAM.arrival, index, 0) * total
    const minute = lastNotAbove(cumulative, wanted)
    const within =
      (wanted - (cumulative[minute] as number)) /
      ((cumulative[minute + 1] as number) - (cumulative[minute] as number))
    times[index] = Math.floor((minute + within) * MS_PER_MINUTE * scale)
  }
  return times.sort()
}

/** Beside the busiest moment, by hour of the day: a morning, a lunch, an afternoon, and few at night. */
function activity(hour: number): number {
  const bump = (peak: number) => Math.exp(-(((hour - peak) / 2.4) ** 2))
  return 0.15 + 0.8 * bump(10) + 0.7 * bump(15)
}

function lastNotAbove(ascending: Float64Array, value: number): number {
  let low = 0
  let high = ascending.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((ascending[middle] as number) <= value) low = middle
    else high = middle
  }
  return low
}
