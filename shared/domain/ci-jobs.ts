/** Jobs of a CI configuration against the runners of a fleet: who may take each, and why not the others. */
import type { RefusalCode } from './constraint.ts'
import { projectNamesOf } from './decision.ts'
import { jobKeyOf } from './event.ts'
import { feasibleSet, type Refusal } from './feasible.ts'
import { type Fleet, fleetOf } from './fleet.ts'
import { type Relaxation, relaxationsOf } from './relaxation.ts'
import type { SiteNeeds } from './site-rule.ts'
import { whyNone } from './why-none.ts'

/** What the configuration says of a job. */
export type AskingJob = {
  name: string
  stage: string
  at: { file: string; line: number }
  /** A trigger starts a pipeline, and needs no runner. */
  kind: 'job' | 'trigger'
  /** Sorted; null: not known, and `unknown` says why. */
  tags: readonly string[] | null
  /** Where they stand: at the job or its parents, or under `default:`. */
  tagsFrom: 'job' | 'default' | 'nowhere'
  /** Variables that are set nowhere in sight stay in it. */
  image: string | null
  services: readonly string[]
  needs: SiteNeeds
  /** What cannot be told from the file, as half sentences. */
  unknown: readonly string[]
}

/** Runners refused for the same reason: what is said of each, after its name. */
export type RefusedGroup = { code: RefusalCode; says: string; runners: string[] }

export type JobAnswer = {
  job: string
  stage: string
  file: string
  line: number
  verdict: 'runners' | 'nobody' | 'not told' | 'trigger'
  tags: readonly string[] | null
  tags_from: AskingJob['tagsFrom']
  /** Of its tags those that no runner may carry any more. */
  dead_tags: string[]
  image: string | null
  services: readonly string[]
  needs: { [Need in keyof SiteNeeds as Need extends 'memoryGb' ? 'memory_gb' : Need]: SiteNeeds[Need] }
  /** What the file does not tell. */
  unknown: readonly string[]
  runners: string[]
  /** The largest group first. */
  refused: RefusedGroup[]
  /** Where nobody may take it: why, and which rules to lift. */
  reason: string | null
  relaxations: Relaxation[]
}

type Asked = { project: { named: string; id: number | undefined } | undefined; refProtected: boolean | null }
type Verdict = Pick<JobAnswer, 'verdict' | 'runners' | 'refused' | 'reason' | 'relaxations'>

const NOBODY_ASKED = { runners: [], refused: [], reason: null, relaxations: [] }

export function judgeJobs(jobs: readonly AskingJob[], fleet: Fleet, asked: Asked): JobAnswer[] {
  return jobs.map(judgeOf(fleet, asked))
}

/** The same for one job after the other, of many. */
export function judgeOf(fleet: Fleet, asked: Asked): (job: AskingJob) => JobAnswer {
  // Each runner by itself: of an arm with several, some may take what others may not.
  const runners = [...fleet.arms.values()].flatMap((arm) => arm.runners)
  const single = fleetOf(
    runners.map((runner) => ({ id: runner.name, tag: null, runners: [runner] })),
    { rules: fleet.rules },
  )
  const known = new Map<string, Verdict>()
  return (job) => {
    const { memoryGb, ...needs } = job.needs
    return {
      job: job.name,
      stage: job.stage,
      file: job.at.file,
      line: job.at.line,
      tags: job.tags,
      tags_from: job.tagsFrom,
      dead_tags: (job.tags ?? []).filter((tag) => fleet.deadTags.has(tag)),
      image: job.image,
      services: job.services,
      needs: { ...needs, memory_gb: memoryGb },
      unknown: job.unknown,
      ...verdictOn(job),
    }
  }

  function verdictOn(job: AskingJob): Verdict {
    if (job.kind === 'trigger') return { verdict: 'trigger', ...NOBODY_ASKED }
    if (job.tags === null) return { verdict: 'not told', ...NOBODY_ASKED }
    // Site rules may be for some jobs only, by their key.
    const key = JSON.stringify([job.tags, job.needs, fleet.rules.length > 0 && job.name])
    const verdict = known.get(key) ?? judged(job, single, asked)
    known.set(key, verdict)
    return verdict
  }
}

function judged(job: AskingJob, fleet: Fleet, { project, refProtected }: Asked): Verdict {
  const requirements = {
    projectNames: project === undefined ? [] : projectNamesOf(project.id ?? project.named, project.named),
    tags: job.tags,
    refProtected,
    ...(project === undefined ? {} : { jobKey: jobKeyOf(project.id ?? project.named, job.name) }),
    needs: job.needs,
  }
  const { feasible, refused } = feasibleSet(fleet.arms.keys(), fleet, requirements)
  const groups = grouped(refused)
  if (feasible.length > 0)
    return { verdict: 'runners', runners: feasible, refused: groups, reason: null, relaxations: [] }
  const reason = whyNone(refused, requirements, fleet)
  return { verdict: 'nobody', runners: [], refused: groups, reason, relaxations: relaxationsOf(refused) }
}

/** What a sentence may say of the job, before it comes to the runner. */
const OF_THE_JOB = /^The job has no tags, and /

function grouped(refused: readonly Refusal[]): RefusedGroup[] {
  const groups = new Map<string, RefusedGroup>()
  for (const { arm, code, reason } of refused) {
    const ofRunner = reason.replace(OF_THE_JOB, '')
    const says = ofRunner.startsWith(`${arm} `) ? ofRunner.slice(arm.length + 1) : reason
    const key = `${code} ${says}`
    const group = groups.get(key) ?? { code, says, runners: [] }
    groups.set(key, group)
    group.runners.push(arm)
  }
  return [...groups.values()].sort((a, b) => b.runners.length - a.runners.length)
}
