/** What developers ask for in a day: pipelines of jobs, decided before any runner has a say. */
import type { Stage } from './day.ts'
import { type PlayedProject, playedProjects } from './fleet.ts'
import { type Recipe, recipes } from './recipes.ts'
import { createRng, type Rng, type Seed } from './rng.ts'

export type PlannedJob = {
  name: string
  stage: Stage
  tags: readonly string[]
  /** How long it takes on a runner of speed factor 1. */
  baseSeconds: number
  scriptFailureProbability: number
  /** `retry:` of the CI file: how often it is tried again after a failure. */
  retries: 0 | 1
  /** Counted from pending; null when nobody cancels it. */
  cancelAfterSeconds: number | null
}

export type PlannedPipeline = {
  arrivesAtMs: number
  project: PlayedProject
  ref: string
  protectedRef: boolean
  /** In the order of their stages. */
  jobs: PlannedJob[]
}

const stages: readonly Stage[] = ['build', 'test', 'deploy']
const SHORTEST_SECONDS = 6
const LONGEST_SECONDS = 20 * 60
/** Sigma of ln(base duration): the same job differs between commits by a factor of about 1.5. */
const BASE_SIGMA = 0.45

/** Pipelines with `jobs` jobs in all, by arrival. */
export function planDay(seed: Seed, jobs: number, startAtMs: number, lengthHours: number): PlannedPipeline[] {
  const rng = createRng(seed, 'workload')
  const contents: PlannedJob[][] = []
  for (let left = jobs; left > 0; left -= contents.at(-1)?.length ?? 0) {
    contents.push(
      stages
        .flatMap((stage) => recipes[stage].flatMap((recipe) => jobsOf(stage, recipe, rng)))
        .slice(0, left),
    )
  }
  const arrivals = contents.map(() => arrivalMs(rng, startAtMs, lengthHours)).sort((a, b) => a - b)
  return contents.map((planned, index) => {
    const protectedRef = rng.chance(0.3)
    return {
      arrivesAtMs: arrivals[index] ?? startAtMs,
      project: rng.pick(playedProjects),
      ref: protectedRef ? 'main' : `feature/${rng.hex(4)}`,
      protectedRef,
      jobs: planned,
    }
  })
}

function jobsOf(stage: Stage, recipe: Recipe, rng: Rng): PlannedJob[] {
  if (!rng.chance(recipe.share)) return []
  const { name, tag, failureRate, retries = 0, parallel = 1 } = recipe
  return Array.from({ length: parallel }, (_, index) => ({
    name: parallel === 1 ? name : `${name} ${index + 1}/${parallel}`,
    stage,
    tags: [tag],
    baseSeconds: clamp(rng.logNormal(recipe.medianSeconds, BASE_SIGMA), SHORTEST_SECONDS, LONGEST_SECONDS),
    scriptFailureProbability: failureRate,
    retries,
    cancelAfterSeconds: cancelAfterSeconds(rng),
  }))
}

/** A newer push cancels within a moment, mostly before any runner asked; a person takes a while. */
function cancelAfterSeconds(rng: Rng): number | null {
  if (rng.chance(0.015)) return rng.between(0.05, 0.6)
  if (rng.chance(0.02)) return rng.between(5, 120)
  return null
}

/** Arrivals stop before the day does, so that nearly all jobs end by themselves. */
function arrivalMs(rng: Rng, startAtMs: number, lengthHours: number): number {
  const hours = lengthHours - Math.min(0.75, lengthHours / 5)
  for (;;) {
    const atMs = Math.floor(startAtMs + rng.between(0, hours) * 3_600_000)
    if (rng.chance(activity((atMs / 3_600_000) % 24))) return atMs
  }
}

/** Share of the busiest moment's arrivals, in (0, 1], by UTC hour: a morning, a lunch, an afternoon, quiet nights. */
function activity(utcHour: number): number {
  const bump = (peakHour: number) => Math.exp(-(((utcHour - peakHour) / 2.2) ** 2))
  return Math.min(1, 0.1 + 0.85 * bump(10) + 0.75 * bump(15))
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
