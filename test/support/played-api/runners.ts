/**
 * Runners as GitLab tells of them: lists and details (lib/api/ci/runners.rb, entities/ci/runner_details.rb), and by
 * GraphQL with their managers (types/ci/runner_type.rb).
 */
import { playedProjects, playedRunners } from '../../../shared/played-gitlab/index.ts'
import type { Reply } from './index.ts'

export type PlayedManager = {
  systemId: string
  executor: string
  platform: string
  architecture: string
  contactedAt: string
}

export type PlayedApiRunner = {
  id: number
  description: string
  type: 'instance_type' | 'group_type' | 'project_type'
  tags: string[]
  runUntagged: boolean
  protected: boolean
  paused: boolean
  online: boolean
  /** Of a project's runner: which ones. */
  projectIds: number[]
  managers: PlayedManager[]
}

/** What whoever asks may see. */
export type Sight = { details: boolean; isOwner: boolean; isAdmin: boolean }

export const GROUP = { id: 9, path: 'example' }

const MACHINES = [
  ['Mac2', 's_5f1c2mac2', 'darwin', 'arm64'],
  ['Mac', 's_91b0mac1', 'darwin', 'amd64'],
  ['Linux Yoga', 's_c07eyoga', 'linux', 'amd64'],
  ['', 's_2a44nordic', 'linux', 'amd64'],
] as const

/** The first fleet, as runners of the group; each machine runs all its runners from one configuration. */
export const firstFleet = (): PlayedApiRunner[] =>
  playedRunners.map((runner) => {
    const [, systemId, platform, architecture] =
      MACHINES.find(([prefix]) => runner.description.startsWith(prefix)) ?? MACHINES[3]
    const contactedAt = runner.online ? '2026-11-20T09:58:31.000Z' : '2026-09-01T00:00:00.000Z'
    const manager = { systemId, executor: runner.executor, platform, architecture, contactedAt }
    return {
      id: runner.id,
      description: runner.description,
      type: 'group_type',
      tags: [...runner.tags],
      runUntagged: runner.runUntagged,
      protected: runner.protected,
      paused: runner.paused,
      online: runner.online,
      projectIds: [],
      managers: [manager],
    }
  })

const NOT_FOUND: Reply = { status: 404, body: { message: '404 Not found' } }
const FORBIDDEN: Reply = { status: 403, body: { message: '403 Forbidden' } }
const NO_SCOPE: Reply = {
  status: 403,
  body: {
    error: 'insufficient_scope',
    error_description: 'The request requires higher privileges than provided by the access token.',
    scope: 'api manage_runner',
  },
}

/** Undefined: it is none of the subject. `path` is below /api/v4. */
export function answerRunners(
  all: readonly PlayedApiRunner[],
  path: string,
  asked: URL,
  sight: Sight,
  linkOrigin: string,
): Reply | undefined {
  const [, id] = /^\/runners\/(\d+)$/.exec(path) ?? []
  if (id !== undefined) {
    const runner = all.find((one) => one.id === Number(id))
    if (!sight.details) return NO_SCOPE
    if (runner === undefined) return NOT_FOUND
    return runner.type === 'group_type' && !sight.isOwner
      ? FORBIDDEN
      : { status: 200, body: detailed(runner) }
  }
  if (path === '/runners/all') return sight.isAdmin ? page(all, asked, linkOrigin) : FORBIDDEN
  const [, owner, name = ''] = /^\/(groups|projects)\/([^/]+)\/runners$/.exec(path) ?? []
  const wanted = decodeURIComponent(name)
  if (owner === 'groups') {
    if (wanted !== String(GROUP.id) && wanted !== GROUP.path) return NOT_FOUND
    const ofGroup = all.filter(({ type }) => type !== 'project_type')
    return sight.isOwner ? page(ofGroup, asked, linkOrigin) : FORBIDDEN
  }
  if (owner !== 'projects') return undefined
  const project = playedProjects.find((one) => String(one.id) === wanted || one.path === wanted)
  if (project === undefined) return NOT_FOUND
  const serving = all.filter(
    ({ type, projectIds }) => type !== 'project_type' || projectIds.includes(project.id),
  )
  return page(serving, asked, linkOrigin)
}

function page(runners: readonly PlayedApiRunner[], asked: URL, linkOrigin: string): Reply {
  const number = Number(asked.searchParams.get('page') ?? 1)
  const size = Math.min(Number(asked.searchParams.get('per_page') ?? 20), 100)
  const next = new URL(`${linkOrigin}${asked.pathname}${asked.search}`)
  next.searchParams.set('page', String(number + 1))
  return {
    status: 200,
    headers: runners.length > number * size ? { link: `<${next.href}>; rel="next"` } : {},
    body: runners.slice((number - 1) * size, number * size).map(listed),
  }
}

const listed = (runner: PlayedApiRunner) => ({
  id: runner.id,
  description: runner.description,
  ip_address: '',
  active: !runner.paused,
  paused: runner.paused,
  is_shared: runner.type === 'instance_type',
  runner_type: runner.type,
  name: null,
  online: runner.online,
  status: runner.online ? 'online' : 'stale',
  job_execution_status: 'idle',
})

const detailed = (runner: PlayedApiRunner) => ({
  ...listed(runner),
  tag_list: runner.tags,
  run_untagged: runner.runUntagged,
  locked: false,
  maximum_timeout: null,
  access_level: runner.protected ? 'ref_protected' : 'not_protected',
  version: null,
  architecture: null,
  contacted_at: runner.managers[0]?.contactedAt ?? null,
  maintenance_note: null,
  projects: playedProjects
    .filter(({ id }) => runner.projectIds.includes(id))
    .map(({ id, name, path }) => ({ id, name, path: name, path_with_namespace: path })),
  groups: runner.type === 'group_type' ? [{ id: GROUP.id, name: 'Example' }] : [],
})

/** Names of fields and arguments that the types of GitLab have, as far as they are played. */
const KNOWN = new Set(
  'query runner id managers first nodes systemId executorName platformName architectureName version contactedAt status tagList runUntagged accessLevel paused description runnerType gid gitlab Ci Runner'.split(
    ' ',
  ),
)
const MAX_COMPLEXITY = 200
const COMPLEXITY_OF_RUNNER = 25

export function answerGraphql(
  all: readonly PlayedApiRunner[],
  body: Record<string, unknown>,
  sight: Sight,
): Reply {
  const query = String(body.query)
  const wanted = [...query.matchAll(/(r\d+): runner\(id: "gid:\/\/gitlab\/Ci::Runner\/(\d+)"\)/g)]
  const unknown = query
    .match(/[A-Za-z]\w*/g)
    ?.find((word) => !KNOWN.has(word) && !wanted.some(([, alias]) => alias === word))
  if (unknown !== undefined) return failed(`Field '${unknown}' doesn't exist on type 'CiRunner'`)
  const complexity = wanted.length * COMPLEXITY_OF_RUNNER
  if (complexity > MAX_COMPLEXITY)
    return failed(`Query has complexity of ${complexity}, which exceeds max complexity of ${MAX_COMPLEXITY}`)
  const data = wanted.map(([, alias, id]) => {
    const runner = all.find((one) => one.id === Number(id))
    const isSeen = runner !== undefined && (sight.isOwner || runner.type !== 'group_type')
    return [alias, isSeen ? asked(runner) : null]
  })
  return { status: 200, body: { data: Object.fromEntries(data) } }
}

const failed = (message: string): Reply => ({ status: 200, body: { errors: [{ message }] } })

const asked = (runner: PlayedApiRunner) => ({
  tagList: runner.tags,
  runUntagged: runner.runUntagged,
  accessLevel: runner.protected ? 'REF_PROTECTED' : 'NOT_PROTECTED',
  contactedAt: runner.managers[0]?.contactedAt ?? null,
  managers: {
    nodes: runner.managers.map((manager) => ({
      systemId: manager.systemId,
      executorName: manager.executor,
      platformName: manager.platform,
      architectureName: manager.architecture,
      version: '18.5.0',
      contactedAt: manager.contactedAt,
    })),
  },
})
