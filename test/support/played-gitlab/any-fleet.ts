/** Fleets and jobs drawn at random, with what decides matching drawn often: tags, protection, types, namespaces. */
import type { Rng } from '../../../shared/played-gitlab/index.ts'
import { type CiProject, type CiRunner, ciProject, ciRunner } from './ci-runner.ts'
import type { PendingBuild } from './pending-builds.ts'

export type AnyCase = {
  projects: readonly CiProject[]
  /** Runners by arm: most arms have one, pools have more. */
  arms: ReadonlyMap<string, readonly CiRunner[]>
  build: PendingBuild
}

/** Some differ in their letters' case alone, or begin alike; some are names that a careless map trips over. */
const TAGS = ['docker', 'Docker', 'DOCKER', 'linux', 'linux-arm64', 'gpu', 'läufer', 'constructor'] as const
/** Groups within groups, a group that begins like another, a project that is named as an id is. */
const PATHS = [
  'acme/api',
  'acme/web/api',
  'acme/web/site',
  'acme-labs/api',
  'other/101',
  'other/api',
] as const
const GROUPS = ['acme', 'acme/web', 'acme-labs', 'other'] as const
const MOST_TAGS = 50

export function anyCase(rng: Rng): AnyCase {
  const projects = PATHS.map((path, index) =>
    ciProject({
      id: 101 + index,
      path,
      instanceRunnersEnabled: rng.chance(0.85),
      groupRunnersEnabled: rng.chance(0.85),
    }),
  )
  const runners = Array.from({ length: 1 + rng.index(6) }, (_, index) => anyRunner(index + 1, projects, rng))
  const project = rng.pick(projects as [CiProject, ...CiProject[]])
  const build = { id: 1, project, tags: anyJobTags(runners, rng), protected: rng.chance(0.4) }
  return { projects, arms: inArms(runners, rng), build }
}

function anyRunner(id: number, projects: readonly CiProject[], rng: Rng): CiRunner {
  const tags = rng.chance(0.15) ? [] : some(TAGS, rng)
  return ciRunner({
    id,
    type: rng.pick(['instance_type', 'group_type', 'project_type']),
    groups: some(GROUPS, rng),
    projectIds: some(projects, rng).map((project) => project.id),
    // GitLab allows fifty of them.
    tags: rng.chance(0.05) ? [...tags, ...numbered(MOST_TAGS - tags.length)] : tags,
    runUntagged: rng.chance(0.4),
    accessLevel: rng.chance(0.3) ? 'ref_protected' : 'not_protected',
    paused: rng.chance(0.1),
    up: rng.chance(0.9),
    locked: rng.chance(0.5),
    maximumTimeout: rng.chance(0.5) ? 600 : null,
    executor: rng.pick(['docker', 'shell', 'kubernetes']),
    slots: 1 + rng.index(4),
  })
}

/** Mostly of what some runner carries: tags drawn freely would seldom match. */
function anyJobTags(runners: readonly CiRunner[], rng: Rng): string[] {
  if (rng.chance(0.2)) return []
  if (rng.chance(0.2)) return some(TAGS, rng)
  const carried = rng.pick(runners as [CiRunner, ...CiRunner[]]).tags
  const tags = rng.chance(0.3) ? [...carried] : some(carried, rng).slice(0, 3)
  if (rng.chance(0.1) && tags[0] !== undefined) tags[0] = otherCase(tags[0])
  return tags
}

function inArms(runners: readonly CiRunner[], rng: Rng): Map<string, CiRunner[]> {
  const arms = new Map<string, CiRunner[]>()
  for (const runner of runners) {
    const pool = [...arms.keys()].at(-1)
    if (pool !== undefined && rng.chance(0.25)) arms.get(pool)?.push(runner)
    else arms.set(`arm ${runner.id}`, [runner])
  }
  return arms
}

const otherCase = (tag: string) => (tag === tag.toUpperCase() ? tag.toLowerCase() : tag.toUpperCase())
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`)
const some = <T>(list: readonly T[], rng: Rng): T[] => {
  const share = rng.uniform()
  return list.filter(() => rng.chance(share))
}
