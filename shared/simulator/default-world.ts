/**
 * The world that `simulate` plays unless told otherwise: 11 runners of five classes, feasible sets of 1 to 11 arms, six
 * projects with nine job keys each. Who is fast is fast for everybody, more or less: it is no trap for anybody.
 */
import { chanceOf, normalOf, STREAM } from './chance.ts'
import { type Conditions, type SimulatedArm, type SimulatedKey, type World, worldFrom } from './world.ts'

export type WorldOptions = {
  /** Arms; beyond 11 the classes repeat. */
  runners?: number
  projects?: number
  jobsPerDay?: number
  outages?: boolean
  drift?: boolean
  conditions?: Partial<Conditions>
  /** Of the job keys: how long they take, how far they follow their runner's speed. */
  seed?: string | number
}

const COMMON = { driftPerDay: 0, outagesPerDay: 0.04 }
const LARGE = { ...COMMON, machine: 'server-room', executor: 'docker', slots: 3, failureShare: 0.005 }
const MEDIUM = { ...COMMON, machine: 'cloud', executor: 'docker', slots: 3, failureShare: 0.01 }
const SMALL = { ...COMMON, machine: 'old-desktops', executor: 'docker', slots: 2, failureShare: 0.04 }
const MAC = { ...COMMON, machine: 'macs', executor: 'shell', slots: 2, failureShare: 0.01 }
const POD = { ...COMMON, machine: 'cluster', executor: 'kubernetes', slots: 4, failureShare: 0.03 }

/** Tags: any 11, linux 9, docker 7, metal 6, shell 5, fast 4, docker and shell 3, pods 2, gpu 1. */
const ARMS: readonly (Omit<SimulatedArm, 'tags'> & { tags: string })[] = [
  {
    ...LARGE,
    id: 'large-1',
    slowness: 0.8,
    costPerHourEur: 0.24,
    pollingWeight: 0.8,
    tags: 'linux docker metal fast gpu',
  },
  {
    ...LARGE,
    id: 'large-2',
    slowness: 0.7,
    costPerHourEur: 0.24,
    pollingWeight: 0.7,
    tags: 'linux docker metal fast',
  },
  {
    ...MEDIUM,
    id: 'medium-1',
    slowness: 0.97,
    costPerHourEur: 0.1,
    pollingWeight: 1.2,
    tags: 'linux docker metal shell',
  },
  {
    ...MEDIUM,
    id: 'medium-2',
    slowness: 1,
    costPerHourEur: 0.1,
    pollingWeight: 1,
    tags: 'linux docker metal',
  },
  {
    ...MEDIUM,
    id: 'medium-3',
    slowness: 1.06,
    costPerHourEur: 0.1,
    pollingWeight: 1.1,
    tags: 'linux docker',
  },
  {
    ...SMALL,
    id: 'small-1',
    slowness: 1.4,
    costPerHourEur: 0.03,
    pollingWeight: 1.6,
    tags: 'linux docker shell',
  },
  {
    ...SMALL,
    id: 'small-2',
    slowness: 1.3,
    costPerHourEur: 0.03,
    pollingWeight: 1.3,
    tags: 'linux docker shell',
  },
  { ...MAC, id: 'mac-1', slowness: 0.85, costPerHourEur: 0.3, pollingWeight: 0.9, tags: 'metal shell fast' },
  { ...MAC, id: 'mac-2', slowness: 0.92, costPerHourEur: 0.3, pollingWeight: 1, tags: 'metal shell fast' },
  { ...POD, id: 'pods-1', slowness: 1.1, costPerHourEur: 0.08, pollingWeight: 1.4, tags: 'linux pods' },
  { ...POD, id: 'pods-2', slowness: 1.2, costPerHourEur: 0.08, pollingWeight: 1.2, tags: 'linux pods' },
]
/** Ln(duration) a day of those that change: pods that grow slower, and a machine that is looked after. */
const DRIFTS: Readonly<Record<string, number>> = { 'pods-1': 0.012, 'medium-1': -0.008, 'small-1': 0.006 }

const JOBS = [
  { jobName: 'build', stage: 0, medianSeconds: 190, share: 0.75, scriptFailureShare: 0.04 },
  { jobName: 'lint', stage: 0, medianSeconds: 40, share: 0.6, scriptFailureShare: 0.06 },
  { jobName: 'types', stage: 0, medianSeconds: 65, share: 0.45, scriptFailureShare: 0.05 },
  { jobName: 'unit', stage: 1, medianSeconds: 160, share: 0.7, scriptFailureShare: 0.08 },
  { jobName: 'integration', stage: 1, medianSeconds: 420, share: 0.4, scriptFailureShare: 0.12 },
  { jobName: 'e2e', stage: 1, medianSeconds: 900, share: 0.25, scriptFailureShare: 0.15 },
  { jobName: 'scan', stage: 1, medianSeconds: 100, share: 0.35, scriptFailureShare: 0.02 },
  { jobName: 'package', stage: 2, medianSeconds: 130, share: 0.3, scriptFailureShare: 0.03 },
  { jobName: 'deploy', stage: 2, medianSeconds: 85, share: 0.2, scriptFailureShare: 0.05 },
] as const
/** What jobs ask for, key by key in turn. */
const WANTS = ['any', 'linux', 'docker', 'any', 'linux', 'metal', 'docker', 'any', 'shell', 'linux', 'fast']
const WANTS_RARELY = ['docker shell', 'pods', 'gpu']
const PROJECTS = ['shop', 'billing', 'search', 'mobile', 'data', 'docs']
const KEY_SIGMA = 0.5
const INTERACTION_SIGMA = 0.1
const MEAN_JOBS_OF_PIPELINE = JOBS.reduce((sum, { share }) => sum + share, 0)

export function defaultWorld({
  runners = ARMS.length,
  projects = PROJECTS.length,
  jobsPerDay = 1600,
  outages = true,
  drift = true,
  conditions = {},
  seed = 'world',
}: WorldOptions = {}): World {
  const chance = chanceOf(seed)
  const arms = Array.from({ length: runners }, (_, index) => armAt(index, outages, drift))
  const keys = Array.from({ length: projects * JOBS.length }, (_, index): SimulatedKey => {
    const project = Math.floor(index / JOBS.length)
    const { medianSeconds, ...job } = JOBS[index % JOBS.length] as (typeof JOBS)[number]
    const projectName = nameAt(PROJECTS, project)
    return {
      ...job,
      projectId: 201 + project,
      projectPath: `played/${projectName}`,
      tags: wantedAt(index, arms),
      medianSeconds: medianSeconds * Math.exp(KEY_SIGMA * normalOf(chance, STREAM.key, index, 0)),
      sensitivity: 0.6 + 0.6 * chance(STREAM.key, index, 1),
    }
  })
  const pipelinesPerDay = jobsPerDay / MEAN_JOBS_OF_PIPELINE
  return worldFrom(
    arms,
    keys,
    { pipelinesPerDay, ...conditions },
    (key, arm) => INTERACTION_SIGMA * normalOf(chance, STREAM.interaction, key, arm),
  )
}

function armAt(index: number, outages: boolean, drift: boolean): SimulatedArm {
  const { tags, ...arm } = ARMS[index % ARMS.length] as (typeof ARMS)[number]
  const round = Math.floor(index / ARMS.length)
  const id = round === 0 ? arm.id : `${arm.id}-${round + 1}`
  return {
    ...arm,
    id,
    tags: ['any', ...tags.split(' '), `only-${id}`],
    driftPerDay: drift ? (DRIFTS[arm.id] ?? 0) : 0,
    outagesPerDay: outages ? arm.outagesPerDay : 0,
  }
}

/** Every ninth key wants something rare; where no runner carries that, any will do. */
function wantedAt(index: number, arms: readonly SimulatedArm[]): readonly string[] {
  const rare = index % 9 === 4
  const wanted = rare ? nameAt(WANTS_RARELY, (index - 4) / 9) : (WANTS[index % WANTS.length] as string)
  const tags = wanted.split(' ')
  return arms.some((arm) => tags.every((tag) => arm.tags.includes(tag))) ? tags : ['any']
}

function nameAt(names: readonly string[], index: number): string {
  const name = names[index % names.length] as string
  return index < names.length || names !== PROJECTS ? name : `${name}-${Math.floor(index / names.length) + 1}`
}
