/** One sentence about why no runner can take a job: who comes closest, and what stands against them. */
import { type JobRequirements, quote, type RefusalCode, tagsNamed } from './constraint.ts'
import type { Fleet } from './fleet.ts'
import type { Refusal } from './refusal.ts'

const NONE = 'No runner can take this job: '

/** What is said of those that come closest, by the first thing that stands against each. */
type Group = { code: RefusalCode; count: number }

/** @param refused all arms that there are. */
export function whyNone(refused: readonly Refusal[], job: JobRequirements, fleet: Fleet): string {
  if (fleet.arms.size === 0) return `${NONE}fleet.yaml describes none.`
  const runners = refused
    .filter(({ arm }) => fleet.arms.has(arm))
    .flatMap(({ obstacles }) => obstacles.map(([first]) => first as RefusalCode))
  const closest = runners.filter((first) => !TOLD_BY_TAGS.has(first))
  if (closest.length === 0) return `${NONE}${nobody(job, fleet)}.`
  const counts = new Map<RefusalCode, number>()
  for (const code of closest) counts.set(code, (counts.get(code) ?? 0) + 1)
  const groups = [...counts].map(([code, count]): Group => ({ code, count }))
  return `${NONE}${closest.length} ${somebody(closest.length, job)}${partition(groups, closest.length, job)}.`
}

const TOLD_BY_TAGS: ReadonlySet<RefusalCode> = new Set(['tags_missing', 'untagged_refused', 'tags_unknown'])

function nobody({ tags }: JobRequirements, fleet: Fleet): string {
  if (tags === null) return 'its tags are not known, and no runner is known to have served it before'
  if (tags.length === 0) return 'no runner takes jobs without tags'
  const runners = [...fleet.arms.values()].flatMap((arm) => arm.runners)
  const unknown = tags.filter((tag) => !runners.some((runner) => runner.tags.has(tag)))
  if (unknown.length > 0) return `no runner carries ${tagsNamed(unknown)}`
  if (!runners.some((runner) => tags.every((tag) => runner.tags.has(tag))))
    return `no runner carries ${tagsNamed(tags)} all at once`
  return `who carries ${tagsNamed(tags)} is in a pool with a runner that does not`
}

function somebody(count: number, { tags }: JobRequirements): string {
  const who = count === 1 ? 'runner' : 'runners'
  if (tags === null) return `${who} ${count === 1 ? 'is' : 'are'} known to have served it before`
  if (tags.length === 0) return `${who} ${count === 1 ? 'takes' : 'take'} jobs without tags`
  return `${who} ${count === 1 ? 'carries' : 'carry'} ${tagsNamed(tags)}`
}

function partition(groups: readonly Group[], count: number, job: JobRequirements): string {
  const [first, ...others] = groups
  if (first === undefined) return ''
  if (others.length === 0) return `, and ${count === 1 ? 'it' : 'all'} ${verdict(first.code, count, job)}`
  const parts = groups.map(({ code, count: some }) => `${some} ${verdict(code, some, job)}`)
  return `: ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** What goes for one, or for several, after "it" or "all". */
function verdict(code: RefusalCode, count: number, { projectNames }: JobRequirements): string {
  const [is, does, has, takes] = count === 1 ? ['is', 'does', 'has', 'takes'] : ['are', 'do', 'have', 'take']
  switch (code) {
    case 'ref_not_protected':
      return `${takes} jobs of protected refs only`
    case 'project_not_served':
      return `${does} not serve the project ${quote(projectNames[0] ?? 'unknown')}`
    case 'paused':
      return `${is} paused`
    case 'offline':
      return `${is} described as offline`
    case 'no_routing_tag':
      return `${has} no tag of ${count === 1 ? 'its' : 'their'} own to be sent to`
    default:
      return `${is} refused by the rule ${quote(code.replace(/^rule:/, ''))}`
  }
}
