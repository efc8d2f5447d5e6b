/** Lint: what a fleet, or what its jobs ask of it, will not do well, although the file is understood. */
import type { JobRequirements } from './constraint.ts'
import { feasibleSet } from './feasible.ts'
import type { Fleet, Runner } from './fleet.ts'
import { UNKNOWN } from './fleet-drift.ts'
import { taxonomyFindings } from './fleet-taxonomy.ts'
import { byCodeUnit } from './policy.ts'
import { whyNone } from './why-none.ts'

export type Severity = 'error' | 'warning' | 'note'

export type Finding = {
  severity: Severity
  code: FindingCode
  /** The tag, runner, arm or job that it is about. */
  about: string
  message: string
}

export type FindingCode =
  | 'dead_tag'
  | 'dead_tag_asked_for'
  | 'tag_without_runner'
  | 'job_without_runner'
  | 'project_missing'
  | 'executor_unknown'
  | 'no_routing_tag'
  | 'tag_of_another_executor'
  | 'peer_tag_missing'
  | 'case_variants'
  | 'watched_tag_without_runner'
  | 'nothing_to_start'

/** A job that was seen, with the tags that it asked for. */
export type AskingJob = { projectNames: readonly string[]; jobName: string; tags: readonly string[] }

const ORDER: readonly Severity[] = ['error', 'warning', 'note']
const MOST_JOBS_NAMED = 3

/** The gravest first. @param jobs null: none could be looked at. */
export function lintFleet(fleet: Fleet, jobs: readonly AskingJob[] | null): Finding[] {
  const runners = [...fleet.arms.values()].flatMap((arm) => arm.runners)
  const findings = [
    ...jobFindings(fleet, runners, jobs ?? []),
    ...projectFindings(fleet, runners),
    ...runnerFindings(fleet, runners),
    ...taxonomyFindings(fleet, runners),
    ...availabilityFindings(fleet, runners),
  ]
  return findings.sort(
    (a, b) =>
      ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) ||
      byCodeUnit(a.code, b.code) ||
      byCodeUnit(a.about, b.about),
  )
}

function jobFindings(fleet: Fleet, runners: readonly Runner[], jobs: readonly AskingJob[]): Finding[] {
  const carried = new Set(runners.flatMap(({ tags }) => [...tags]))
  const askers = new Map<string, AskingJob[]>()
  for (const job of jobs) {
    for (const tag of job.tags) {
      const known = askers.get(tag)
      if (known === undefined) askers.set(tag, [job])
      else known.push(job)
    }
  }
  const findings: Finding[] = []
  for (const [tag, asking] of askers) {
    if (carried.has(tag)) continue
    const isDead = fleet.deadTags.has(tag)
    const like = [...carried].find((one) => one.toLowerCase() === tag.toLowerCase())
    const meant = like === undefined ? '' : ` Tags are case-sensitive: "${like}" is carried.`
    findings.push({
      severity: 'error',
      code: isDead ? 'dead_tag_asked_for' : 'tag_without_runner',
      about: tag,
      message: `${jobsNamed(asking)} for ${isDead ? 'the dead tag ' : ''}"${tag}", which no runner carries: such a job waits until it is dropped.${meant}`,
    })
  }
  for (const tag of fleet.deadTags) {
    if (askers.has(tag)) continue
    const message = `"${tag}" is a dead tag: no runner carries it, and a job that asks for it waits until it is dropped.`
    findings.push({ severity: 'note', code: 'dead_tag', about: tag, message })
  }
  const verdicts = new Map<string, string | undefined>()
  for (const job of jobs) {
    if (!job.tags.every((tag) => carried.has(tag))) continue
    // Many jobs ask for the same.
    const asked = JSON.stringify([job.projectNames, job.tags])
    if (!verdicts.has(asked)) verdicts.set(asked, whyNobody(fleet, job))
    const why = verdicts.get(asked)
    if (why === undefined) continue
    const about = nameOf(job)
    findings.push({ severity: 'error', code: 'job_without_runner', about, message: `${about}: ${why}` })
  }
  return findings
}

/** One sentence, where no runner may take the job even on a protected ref; undefined where one may. */
function whyNobody(fleet: Fleet, { projectNames, tags }: AskingJob): string | undefined {
  const job: JobRequirements = { projectNames, tags, refProtected: true }
  const { feasible, refused } = feasibleSet(fleet.arms.keys(), fleet, job)
  return feasible.length > 0 ? undefined : whyNone(refused, job, fleet)
}

/** A project that all other runners of an executor serve, and this one does not. */
function projectFindings(fleet: Fleet, runners: readonly Runner[]): Finding[] {
  const findings: Finding[] = []
  const projects = new Set([
    ...[...fleet.projectIds.values()].map(String),
    ...runners.flatMap((one) => [...(one.projects ?? [])]),
  ])
  for (const runner of runners) {
    const peers = runners.filter((one) => one !== runner && one.executor === runner.executor)
    if (runner.projects === null || peers.length === 0) continue
    const serves = (one: Runner, project: string) => one.projects === null || one.projects.has(project)
    const missing = [...projects].filter(
      (project) => !serves(runner, project) && peers.every((peer) => serves(peer, project)),
    )
    const named = namesOf(missing, fleet)
    if (named.length === 0) continue
    findings.push({
      severity: 'warning',
      code: 'project_missing',
      about: runner.name,
      message: `${runner.name} does not serve ${named.join(', ')}, as every other ${runner.executor} runner does.`,
    })
  }
  return findings
}

/** Of a project's id and path its name alone. */
function namesOf(projects: readonly string[], { projectIds }: Fleet): string[] {
  const nameOf = (project: string) => {
    const id = projectIds.get(project) ?? Number(project)
    return [...projectIds].find(([, other]) => other === id)?.[0] ?? project
  }
  return [...new Set(projects.map(nameOf))].sort(byCodeUnit)
}

function runnerFindings(fleet: Fleet, runners: readonly Runner[]): Finding[] {
  const unknown = runners
    .filter(({ executor }) => executor === UNKNOWN)
    .map(({ name }): Finding => {
      const message = `What executor ${name} has is not known. Say it in the file, or let "fleet sync" ask with a token that GitLab tells.`
      return { severity: 'warning', code: 'executor_unknown', about: name, message }
    })
  const unroutable = [...fleet.arms.values()]
    .filter(({ tag }) => tag === null)
    .map(({ id, runners: members }): Finding => {
      const who = members.length > 1 ? 'Its runners share no tag' : 'It carries no tag'
      const message = `No job can be sent to ${id}. ${who} that no other runner carries; give it one in GitLab.`
      return { severity: 'warning', code: 'no_routing_tag', about: id, message }
    })
  return [...unknown, ...unroutable]
}

function availabilityFindings({ availability, vms }: Fleet, runners: readonly Runner[]): Finding[] {
  const findings = [...new Set(availability.tags)]
    .filter((tag) => !runners.some(({ tags }) => tags.has(tag)))
    .map((tag): Finding => {
      const message = `availability.tags has "${tag}", which no runner carries: there is nobody to watch.`
      return { severity: 'warning', code: 'watched_tag_without_runner', about: tag, message }
    })
  const isStartable = [...vms.values()].some(({ costPerHourEur }) => costPerHourEur > 0)
  if (!availability.start || isStartable) return findings
  const message =
    'availability.start is true, and no machine can be started: give one a vm and a cost_per_hour_eur.'
  return [...findings, { severity: 'warning', code: 'nothing_to_start', about: 'availability', message }]
}

const nameOf = ({ projectNames, jobName }: AskingJob) => `${projectNames[0]}: ${jobName}`

function jobsNamed(jobs: readonly AskingJob[]): string {
  const names = [...new Set(jobs.map(nameOf))]
  const rest = names.length - MOST_JOBS_NAMED
  const told = names.slice(0, MOST_JOBS_NAMED).join(', ')
  if (names.length === 1) return `The job ${told} asks`
  return `The jobs ${told}${rest > 0 ? ` and ${rest} more` : ''} ask`
}
