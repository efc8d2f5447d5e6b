/**
 * explain-ci: which runners may take each job of a `.gitlab-ci.yml`, and why not the others.
 *
 * Trigger: command `explain --ci`. Reads: fleet; of GitLab, with a token and a project, the configuration as it merges it.
 * Writes: nothing. What changes by the hour (heartbeats, free slots, maintenance) is not looked at.
 */
import * as z from 'zod'
import { type JobAnswer, judgeOf } from '../shared/domain/ci-jobs.ts'
import { InvalidInputError, TransientError } from '../shared/errors.ts'
import { breather } from '../shared/runtime/breathe.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { type CiConfig, type CiFiles, readingCiConfig } from '../shared/schema/ci-config/index.ts'

export const explainCiInput = z.object({
  /** The first file, as `files` knows it. */
  path: z.string(),
  /** The text of each file that the reading asks for; the command has them, a server may be elsewhere. */
  files: z.record(z.string(), z.string()),
  /** What each pattern of an include matches. */
  lists: z.record(z.string(), z.array(z.string())),
  project: z.string().min(1).optional(),
  ref: z.string().min(1).optional(),
  /** Left out: not known. */
  protected: z.boolean().optional(),
  variables: z.record(z.string(), z.string()),
})
type Input = z.output<typeof explainCiInput> & { apiToken: string | undefined }

export type ExplainCiAnswer = {
  path: string
  project: string | null
  ref: string | null
  /** Who merged includes: GitLab, or this program, and then why. */
  read_by: 'gitlab' | 'here'
  why_here: string | null
  /** Includes that could not be read: the jobs that they define are missing. */
  gaps: { include: string; file: string; line: number }[]
  jobs: JobAnswer[]
  /** Jobs whose tags are known and that no runner may take. */
  without_runner: number
  /** Jobs of which it cannot be told. */
  not_told: number
}

type ExplainCiDeps = Pick<Deps, 'fleet' | 'gitlab' | 'settings'>
type Reading = { config: CiConfig; read_by: 'gitlab' | 'here'; why_here: string | null }

/** In the place of a file's name: GitLab's text, in which no line says what file it is of. */
const MERGED = 'merged'

/** @throws InvalidInputError with every fault of the file, or what GitLab says is wrong with it. */
export async function explainCi(input: Input, deps: ExplainCiDeps): Promise<ExplainCiAnswer> {
  const { config, read_by, why_here } = await readingOf(input, deps)
  const { fleet } = deps
  const project =
    input.project === undefined ? undefined : { named: input.project, id: idOf(input.project, deps) }
  const judged = judgeOf(fleet, { project, refProtected: input.protected ?? null })
  const breathe = breather()
  const jobs: JobAnswer[] = []
  for (const job of config.jobs) {
    jobs.push(judged(job))
    await breathe()
  }
  return {
    path: input.path,
    project: input.project ?? null,
    ref: input.ref ?? null,
    read_by,
    why_here,
    gaps: config.gaps.map(({ what, at }) => ({ include: what, ...at })),
    jobs,
    without_runner: jobs.filter(({ verdict }) => verdict === 'nobody').length,
    not_told: jobs.filter(({ verdict }) => verdict === 'not told').length,
  }
}

/** GitLab's reading where it can be had, else the own one, which includes nothing from elsewhere. */
async function readingOf(input: Input, deps: ExplainCiDeps): Promise<Reading> {
  const asked = await mergedBy(input, deps)
  const variables = new Map(Object.entries(input.variables))
  if ('yaml' in asked) {
    const files = { read: (path: string) => (path === MERGED ? asked.yaml : undefined), list: () => [] }
    return { config: await inSteps(MERGED, files, variables), read_by: 'gitlab', why_here: null }
  }
  const files = {
    read: (path: string) => (Object.hasOwn(input.files, path) ? input.files[path] : undefined),
    list: (pattern: string) => (Object.hasOwn(input.lists, pattern) ? (input.lists[pattern] ?? []) : []),
  }
  return { config: await inSteps(input.path, files, variables), read_by: 'here', why_here: asked.whyNot }
}

/** Others of this process get their answers in between. */
async function inSteps(...asked: [string, CiFiles, ReadonlyMap<string, string>]): Promise<CiConfig> {
  const steps = readingCiConfig(...asked)
  const breathe = breather()
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await breathe()
  }
}

async function mergedBy(input: Input, deps: ExplainCiDeps): Promise<{ yaml: string } | { whyNot: string }> {
  if ((input.apiToken ?? deps.settings.gitlabApiToken) === undefined)
    return { whyNot: 'GITLAB_API_TOKEN is not set' }
  if (input.project === undefined) return { whyNot: 'no --project was given' }
  const content = input.files[input.path]
  if (content === undefined) return { whyNot: 'the file cannot be read' }
  try {
    const gitlab = deps.gitlab(input.apiToken)
    const id = idOf(input.project, deps) ?? (await gitlab.project(input.project)).id
    const ref = input.ref === undefined ? {} : { ref: input.ref }
    const { valid, errors, mergedYaml } = await gitlab.ciConfig(id, { content, ...ref })
    if (valid && mergedYaml !== null) return { yaml: mergedYaml }
    const told = errors.map((error) => `\n  - ${error}`).join('')
    throw new Refused(`GitLab finds ${input.path} invalid:${told === '' ? ' it does not say why.' : told}`)
  } catch (error) {
    if (error instanceof Refused) throw new InvalidInputError(error.message)
    if (error instanceof InvalidInputError || error instanceof TransientError)
      return { whyNot: error.message }
    throw error
  }
}

/** GitLab's verdict on the file, which no other reading replaces. */
class Refused extends Error {}

function idOf(project: string, { fleet }: Pick<ExplainCiDeps, 'fleet'>): number | undefined {
  const id = fleet.projectIds.get(project) ?? Number(project)
  return Number.isSafeInteger(id) && id > 0 ? id : undefined
}
