/**
 * A `.gitlab-ci.yml`, or the merged one that GitLab gives, → what each of its jobs asks of a runner.
 *
 * In GitLab's order: inputs, includes, `extends`, `!reference`, then defaults and variables (gitlabhq
 * lib/gitlab/ci/config.rb). It is no linter: what it says nothing of may still be wrong to GitLab. What may run when
 * (`rules`, `only`, `workflow`) is not looked at, so jobs are listed that one pipeline may leave out. See docs/adr/0022.
 */
import { InvalidInputError } from '../../errors.ts'
import { extended } from './extend.ts'
import { type CiFiles, gather } from './include.ts'
import { type CiConfigJob, isTrigger, jobsOf } from './job.ts'
import { withoutReferences } from './reference.ts'
import { type CiHash, entryOf, type Fault, type Gap, hashAt, isHash, isUnknown, type Place } from './value.ts'

export type { CiFiles } from './include.ts'
export type { CiConfigJob } from './job.ts'
export type { Gap } from './value.ts'

export type CiConfig = {
  /** In the order of the file, those of includes first. */
  jobs: readonly CiConfigJob[]
  gaps: readonly Gap[]
  /** How many files were read besides the first. */
  includes: number
}

/** Never a job's name. */
const KEYWORDS = new Set([
  'default',
  'include',
  'image',
  'services',
  'before_script',
  'after_script',
  'variables',
  'stages',
  'cache',
  'workflow',
  'spec',
  'types',
])

/** Of all jobs, matrices included; far more than any plan of GitLab allows a pipeline. */
const MAX_JOBS = 20_000
const MAX_TOLD = 50

/**
 * @param path of the first file, as `files` knows it.
 * @param variables that the pipeline would have besides those of the file.
 * @throws InvalidInputError listing every fault with its file and line.
 */
export function readCiConfig(
  path: string,
  files: CiFiles,
  variables: ReadonlyMap<string, string> = new Map(),
): CiConfig {
  const faults = new Map<string, Place>()
  const fault: Fault = (at, message) => void faults.set(`${at.file}:${at.line}: ${message}`, at)
  const { config, gaps, includes } = gather(path, files, fault)
  const resolved = withoutReferences(extended(config, gaps, fault), gaps, fault)
  const jobs = allJobs(resolved, variables, fault)
  if (faults.size === 0) return { jobs, gaps, includes }
  const lines = [...faults].sort(([, a], [, b]) => byPlace(a, b)).map(([line]) => `\n  - ${line}`)
  const told = lines.slice(0, MAX_TOLD).join('')
  const untold = faults.size > MAX_TOLD ? `\n  … and ${faults.size - MAX_TOLD} more` : ''
  throw new InvalidInputError(
    `${path} has ${faults.size} fault${faults.size === 1 ? '' : 's'}${told}${untold}`,
  )
}

function byPlace(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line
}

function allJobs(config: CiHash, variables: ReadonlyMap<string, string>, fault: Fault): CiConfigJob[] {
  const globals = {
    defaults: new Map([...topLevelDefaults(config), ...hashAt(config, 'default')]),
    variables: hashAt(config, 'variables'),
    given: new Map([...variables].map(([name, value]) => [name, { value, isRaw: true }])),
  }
  const jobs: CiConfigJob[] = []
  for (const [name, { value, at }] of config) {
    if (name.startsWith('.') || KEYWORDS.has(name)) continue
    if (isUnknown(value)) continue
    if (!isHash(value)) {
      fault(at, `"${name}" is no keyword of GitLab, and no job`)
      continue
    }
    if (!isTrigger(value) && !runsSomething(value)) fault(at, `"${name}" has no script, run or trigger`)
    if (jobs.length < MAX_JOBS) jobs.push(...jobsOf(name, value, at, globals, fault))
    else fault(at, `makes more than ${MAX_JOBS} jobs`)
  }
  return jobs
}

/** The old place of defaults, which GitLab still reads. */
function topLevelDefaults(config: CiHash): CiHash {
  return new Map([...config].filter(([key]) => key === 'image' || key === 'services'))
}

/** `pages` and the like need a script, too; a job that only waits for another pipeline is a bridge with `needs`. */
function runsSomething(job: CiHash): boolean {
  return ['script', 'run', 'needs'].some((key) => entryOf(job, key) !== undefined)
}
