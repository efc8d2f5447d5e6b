/**
 * A `.gitlab-ci.yml`, or the merged one that GitLab gives, → what each of its jobs asks of a runner.
 *
 * In GitLab's order: inputs, includes, `extends`, `!reference`, then defaults and variables (gitlabhq
 * lib/gitlab/ci/config.rb). It is no linter: what it says nothing of may still be wrong to GitLab. What may run when
 * (`rules`, `only`, `workflow`) is not looked at, so jobs are listed that one pipeline may leave out. See docs/adr/0022.
 */
import type { AskingJob } from '../../domain/ci-jobs.ts'
import { extended } from './extend.ts'
import { type CiFiles, gather } from './include.ts'
import { isTrigger, jobsOf } from './job.ts'
import { Ended, type Reading, startReading } from './reading.ts'
import { withoutReferences } from './reference.ts'
import { type CiHash, entryOf, type Gap, hashAt, isHash, isUnknown } from './value.ts'

export type { CiFiles } from './include.ts'
export type { Gap } from './value.ts'

export type CiConfig = {
  /** In the order of the file, those of includes first. */
  jobs: readonly AskingJob[]
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

/** Of all jobs, matrices included; more than any plan of GitLab allows a pipeline. */
const MAX_JOBS = 5_000

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
  const steps = readingCiConfig(path, files, variables)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same in steps of some milliseconds, between which a server can answer others. */
export function* readingCiConfig(
  path: string,
  files: CiFiles,
  variables: ReadonlyMap<string, string> = new Map(),
): Generator<void, CiConfig> {
  const reading = startReading(path)
  try {
    const { config, gaps, includes } = yield* gather(path, files, reading)
    const merged = extended(config, gaps, reading)
    yield
    const resolved = withoutReferences(merged, gaps, reading)
    yield
    const jobs = yield* allJobs(resolved, variables, reading)
    reading.refuseFaults()
    return { jobs, gaps, includes }
  } catch (error) {
    if (error instanceof Ended) reading.refuseFaults()
    throw error
  }
}

function* allJobs(
  config: CiHash,
  variables: ReadonlyMap<string, string>,
  reading: Reading,
): Generator<void, AskingJob[]> {
  const { fault } = reading
  const globals = {
    defaults: new Map([...topLevelDefaults(config), ...hashAt(config, 'default')]),
    variables: hashAt(config, 'variables'),
    given: new Map([...variables].map(([name, value]) => [name, { value, isRaw: true }])),
  }
  const jobs: AskingJob[] = []
  for (const [name, { value, at }] of config) {
    if (name.startsWith('.') || KEYWORDS.has(name)) continue
    if (isUnknown(value)) continue
    if (!isHash(value)) {
      fault(at, `"${name}" is no keyword of GitLab, and no job`)
      continue
    }
    if (!isTrigger(value) && !runsSomething(value)) fault(at, `"${name}" has no script, run or trigger`)
    jobs.push(...jobsOf(name, value, at, globals, reading))
    if (jobs.length > MAX_JOBS) {
      fault(at, `makes more than ${MAX_JOBS} jobs`)
      break
    }
    yield
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
