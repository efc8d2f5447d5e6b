/** The answer about a CI configuration as text for a terminal: a table, then who may take what and why not others. */
import type { JobAnswer, RefusedGroup } from '../../shared/domain/ci-jobs.ts'
import type { ExplainCiAnswer } from '../explain-ci.ts'
import { grouped, rows } from './say.ts'
import { rulesNamed } from './say-rules.ts'

const MAX_NAMES = 6

export function explainedCi(answer: ExplainCiAnswer): string {
  const { jobs, gaps, without_runner: without, not_told: notTold } = answer
  const table = jobs.map((job) => ({
    job: job.job,
    at: `${job.file}:${job.line}`,
    tags: tagsOf(job),
    image: job.image ?? '',
    runners: { runners: job.runners.length, nobody: 'NONE', 'not told': '?', trigger: 'needs none' }[
      job.verdict
    ],
  }))
  const missing = gaps.map(({ include, file, line }) => `  ${file}:${line}: ${include}`)
  const summary = [
    counted(jobs.length, 'job'),
    ...(without > 0 ? [`${grouped(without)} without a runner`] : []),
    ...(notTold > 0 ? [`${grouped(notTold)} of which it cannot be told`] : []),
  ]
  return [
    headOf(answer),
    ...(missing.length > 0
      ? ['Not read, and what it defines is missing here (needs GITLAB_API_TOKEN and --project):', ...missing]
      : []),
    '',
    rows(table),
    '',
    ...blocksOf(jobs).flatMap((block) => [...block, '']),
    `${summary.join(', ')}.`,
    'Maintenance windows, heartbeats and free slots change by the hour, and are not looked at here.',
  ].join('\n')
}

function headOf({ path, read_by: readBy, why_here: why, project }: ExplainCiAnswer): string {
  const reader =
    readBy === 'gitlab'
      ? `as GitLab merges it for ${project}: lines are of the merged text`
      : `read here (${why})`
  const served = project === null ? ' Without --project, runners of single projects count as refusing.' : ''
  return `${path}, ${reader}.${served}`
}

/** Jobs that ask for the same are one block. */
function blocksOf(jobs: readonly JobAnswer[]): string[][] {
  const alike = new Map<string, JobAnswer[]>()
  for (const job of jobs) {
    const { verdict, tags, needs, unknown, runners, refused } = job
    const key = JSON.stringify([verdict, tags, needs, unknown, runners, refused])
    alike.set(key, [...(alike.get(key) ?? []), job])
  }
  return [...alike.values()].map((same) => {
    const [job] = same as [JobAnswer]
    return [named(same.map(({ job: name }) => name)), ...verdictLines(job).map((line) => `  ${line}`)]
  })
}

function verdictLines(job: JobAnswer): string[] {
  const { verdict, runners, refused, reason, relaxations, unknown } = job
  if (verdict === 'trigger') return ['starts another pipeline, and needs no runner']
  const open = unknown.map((why) => `not told: ${why}`)
  if (verdict === 'not told') return open
  const dead = job.dead_tags.map((tag) => `"${tag}" is a dead tag`)
  const may = runners.length > 0 ? [`may take it: ${named(runners)}`] : [reason ?? '', ...dead]
  // That another tag would bring another runner goes without saying.
  const lifted = relaxations
    .filter((one) => !one.lifted.includes('tags_missing'))
    .map((one) => `without ${rulesNamed(one.lifted)} it could go to: ${named(one.arms)}`)
  return [...wants(job), ...may, ...refused.map(refusedLine), ...lifted, ...open]
}

function wants({ tags, services, needs }: JobAnswer): string[] {
  const { architecture, gpu, memory_gb: memoryGb, zone } = needs
  const asked = [
    tags?.length ? `tags ${tags.join(', ')}` : 'no tags',
    ...(services.length > 0 ? [`services ${services.join(', ')}`] : []),
    ...(architecture === null ? [] : [architecture]),
    ...(gpu === null ? [] : [`gpu ${gpu}`]),
    ...(memoryGb === null ? [] : [`${memoryGb} GB`]),
    ...(zone === null ? [] : [`zone ${zone}`]),
  ]
  return [`asks for: ${asked.join('; ')}`]
}

/** `refused: 7 runners do not carry the tag "docker-arm64": a, b, …` */
function refusedLine({ says, runners }: RefusedGroup): string {
  const many = runners.length > 1
  const verb = many ? says.replace(/^(does|takes|is|has) /, (_, word: string) => `${PLURALS[word]} `) : says
  return `refused: ${counted(runners.length, 'runner')} ${verb.replace(/\.$/, '')}: ${named(runners)}`
}

const PLURALS: Readonly<Record<string, string>> = { does: 'do', takes: 'take', is: 'are', has: 'have' }

function tagsOf({ verdict, tags, tags_from: from }: JobAnswer): string {
  if (verdict === 'trigger') return ''
  if (tags === null) return '?'
  return from === 'default' ? `${tags.join(', ')} (default)` : tags.join(', ')
}

function named(names: readonly string[]): string {
  const untold = names.length - MAX_NAMES
  const shown = names.slice(0, MAX_NAMES).join(', ')
  return untold > 0 ? `${shown} and ${grouped(untold)} more` : shown
}

const counted = (count: number, what: string) => `${grouped(count)} ${what}${count === 1 ? '' : 's'}`
