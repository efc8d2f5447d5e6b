/** What is read of runners in GitLab's API: lenient, since versions differ; only the keys named here are looked at. */
import * as z from 'zod'
import type { GitlabRunner, GitlabRunnerManager } from '../domain/gitlab-runner.ts'
import { id, text, timestamp } from './gitlab-values.ts'

const KINDS = { instance_type: 'instance', group_type: 'group', project_type: 'project' } as const
const kind = z
  .string()
  .nullish()
  .transform((type) => KINDS[type?.toLowerCase() as keyof typeof KINDS] ?? null)
const description = text.nullish().transform((value) => value ?? '')
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? null)
const tags = z
  .array(text)
  .nullish()
  .transform((value) => value ?? null)
const access = z
  .string()
  .nullish()
  .transform((level) => (level ? level.toLowerCase() === 'ref_protected' : null))
const word = text.nullish().transform((value) => (value && value !== 'unknown' ? value : null))

/** An entry of `GET /projects/:id/runners`, `/groups/:id/runners` and `/runners/all`. */
export const listedRunner = z
  .object({ id, description, runner_type: kind, active: flag, paused: flag, online: flag })
  .transform((runner) => ({
    id: runner.id,
    description: runner.description,
    kind: runner.runner_type,
    // Before GitLab 14.8 there was only its contrary.
    paused: runner.paused ?? (runner.active === null ? null : !runner.active),
    online: runner.online,
  }))

/** `GET /runners/:id`, as far as it says more. */
export const detailedRunner = z
  .object({
    tag_list: tags,
    run_untagged: flag,
    access_level: access,
    contacted_at: timestamp,
    projects: z.array(z.object({ id, path_with_namespace: text })).nullish(),
  })
  .transform((runner) => ({
    tags: runner.tag_list,
    runUntagged: runner.run_untagged,
    refProtected: runner.access_level,
    contactedAt: runner.contacted_at,
    projects:
      runner.projects?.map((project) => ({ id: project.id, path: project.path_with_namespace })) ?? null,
  }))

/** The fields that `askedRunner` reads. Managers beyond these are not looked at. */
export const RUNNER_FIELDS =
  'tagList runUntagged accessLevel contactedAt managers(first: 50) { nodes { systemId executorName platformName architectureName version contactedAt } }'

const manager = z
  .object({
    systemId: text.nullish(),
    executorName: word,
    platformName: word,
    architectureName: word,
    version: word,
    contactedAt: timestamp,
  })
  .transform(
    (one): GitlabRunnerManager => ({
      systemId: one.systemId ?? '',
      executor: one.executorName,
      platform: one.platformName,
      architecture: one.architectureName,
      version: one.version,
      contactedAt: one.contactedAt,
    }),
  )

const askedRunner = z
  .object({
    tagList: tags,
    runUntagged: flag,
    accessLevel: access,
    contactedAt: timestamp,
    managers: z.object({ nodes: z.array(manager.nullable()).nullish() }).nullish(),
  })
  .transform((runner) => ({
    tags: runner.tagList,
    runUntagged: runner.runUntagged,
    refProtected: runner.accessLevel,
    contactedAt: runner.contactedAt,
    managers: runner.managers?.nodes?.filter((one) => one !== null) ?? [],
  }))

/** GraphQL's answer: of each alias the runner, null where it is not told. */
export const askedRunners = z.object({
  data: z.record(z.string(), askedRunner.nullable()).nullish(),
  errors: z.array(z.object({ message: text.nullish() })).nullish(),
})

export type ListedRunner = z.output<typeof listedRunner>
export type DetailedRunner = z.output<typeof detailedRunner>
export type AskedRunner = z.output<typeof askedRunner>

/** One runner of what the three say of it; details count before GraphQL. */
export function runnerFrom(
  listed: ListedRunner,
  detailed: DetailedRunner | undefined,
  asked: AskedRunner | undefined,
  untold: readonly string[],
): GitlabRunner {
  return {
    ...listed,
    tags: detailed?.tags ?? asked?.tags ?? null,
    runUntagged: detailed?.runUntagged ?? asked?.runUntagged ?? null,
    refProtected: detailed?.refProtected ?? asked?.refProtected ?? null,
    contactedAt: detailed?.contactedAt ?? asked?.contactedAt ?? null,
    projects: listed.kind === 'project' ? (detailed?.projects ?? null) : null,
    managers: asked?.managers ?? [],
    untold,
  }
}
