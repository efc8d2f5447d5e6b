/** A made-up fleet and the jobs that keep coming back, for synthetic logs. */
import type { Draw } from '../../shared/domain/rng.ts'

export type SyntheticArm = {
  arm: string
  tags: readonly string[]
  capacity: number
  /** How often it asks for jobs, against the others. */
  polling: number
  /** Times as fast as the first. */
  speed: number
  eurPerHour: number
}

export const ARMS: readonly SyntheticArm[] = [
  { arm: 'arm-01', tags: ['linux', 'docker'], capacity: 3, polling: 5, speed: 1, eurPerHour: 0.1 },
  { arm: 'arm-02', tags: ['linux', 'docker'], capacity: 2, polling: 2, speed: 1.5, eurPerHour: 0.3 },
  { arm: 'arm-03', tags: ['linux', 'docker', 'large'], capacity: 1, polling: 3, speed: 2, eurPerHour: 0.9 },
  { arm: 'arm-04', tags: ['linux', 'docker', 'gpu'], capacity: 1, polling: 1, speed: 1.2, eurPerHour: 2.5 },
  { arm: 'arm-05', tags: ['linux', 'large'], capacity: 2, polling: 2, speed: 0.8, eurPerHour: 0.4 },
  { arm: 'arm-06', tags: ['linux', 'arm64'], capacity: 2, polling: 4, speed: 0.7, eurPerHour: 0.05 },
  {
    arm: 'arm-07',
    tags: ['linux', 'arm64', 'docker'],
    capacity: 1,
    polling: 1,
    speed: 0.9,
    eurPerHour: 0.05,
  },
  { arm: 'arm-08', tags: ['windows'], capacity: 2, polling: 3, speed: 0.6, eurPerHour: 0.7 },
  { arm: 'arm-09', tags: ['windows', 'large'], capacity: 1, polling: 1, speed: 1.1, eurPerHour: 1.4 },
  { arm: 'arm-10', tags: ['macos'], capacity: 1, polling: 1, speed: 1.3, eurPerHour: 3 },
  // Nobody ever sees it at work.
  { arm: 'arm-11', tags: ['linux', 'docker', 'large'], capacity: 1, polling: 0, speed: 1, eurPerHour: 0.2 },
]

export type SyntheticKey = {
  projectId: number
  jobName: string
  jobKey: string
  tags: readonly string[]
  /** Of the first arm, in the middle. */
  seconds: number
  failureShare: number
}

const ASKED_TAGS: readonly (readonly string[])[] = [
  ['linux'],
  ['docker'],
  ['docker'],
  ['linux', 'large'],
  ['arm64'],
  ['gpu'],
  ['windows'],
  ['macos'],
  ['large'],
  [],
]

const KEYS = 40
export const PROJECTS = 6

/** Durations over four powers of e: most jobs take minutes, some an hour. */
export function jobKeysOf(draw: Draw): SyntheticKey[] {
  return Array.from({ length: KEYS }, (_, index) => {
    const projectId = 101 + (index % PROJECTS)
    const jobName = `job-${index}`
    return {
      projectId,
      jobName,
      jobKey: `group/project-${projectId}/${jobName}`,
      tags: ASKED_TAGS[index % ASKED_TAGS.length] as readonly string[],
      seconds: 30 * Math.exp(4 * draw() ** 2),
      failureShare: 0.3 * draw() ** 2,
    }
  })
}

export const feasibleFor = ({ tags }: SyntheticKey) =>
  ARMS.filter((one) => tags.every((tag) => one.tags.includes(tag)))

/** Above 0, with the median 1. */
export function lognormal(draw: Draw, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw())
  return Math.exp(sigma * normal)
}

export function weighted<T>(list: readonly T[], weightOf: (one: T) => number, draw: Draw): T {
  let left = draw() * list.reduce((sum, one) => sum + weightOf(one), 0)
  const chosen = list.find((one) => {
    left -= weightOf(one)
    return left < 0
  })
  return chosen ?? (list.findLast((one) => weightOf(one) > 0) as T)
}
