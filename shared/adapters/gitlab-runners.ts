/** The runners of a project, a group or an instance: their list and details by REST, their managers by GraphQL. */
import * as z from 'zod'
import { InvalidInputError } from '../errors.ts'
import type { Gitlab, GitlabRunner, RunnerScope } from '../ports.ts'
import {
  type AskedRunner,
  askedRunners,
  type DetailedRunner,
  detailedRunner,
  type ListedRunner,
  listedRunner,
  RUNNER_FIELDS,
  runnerFrom,
} from '../schema/gitlab-runner.ts'
import type { Asking, Subject } from './gitlab-ask.ts'
import { GRAPHQL } from './gitlab-http.ts'

/** What was told of runners by their id, and of the others why not. */
type Told<T> = { told: Map<number, T>; untold: Map<number, string> }

/** Each costs about 25 of the 200 points of complexity that GitLab allows a query. */
const RUNNERS_PER_QUERY = 5
const DETAILS_AT_ONCE = 4

export function gitlabRunners(asking: Asking): Pick<Gitlab, 'runners' | 'hasRunner'> {
  return {
    async hasRunner(id) {
      const { status } = await asking.request({ method: 'GET', path: `/runners/${id}` })
      return status === 200 ? true : status === 404 ? false : null
    },
    async runners(of) {
      const listed = await list(of, asking)
      const managers = await askAll(listed, asking)
      const details = await detailAll(listed, asking)
      return listed.map((one): GitlabRunner => {
        const untold = [details.untold.get(one.id), managers.untold.get(one.id)]
        const reasons = untold.filter((reason) => reason !== undefined)
        return runnerFrom(one, details.told.get(one.id), managers.told.get(one.id), reasons)
      })
    },
  }
}

async function list(of: RunnerScope, { all }: Asking): Promise<ListedRunner[]> {
  const { path, what } = listOf(of)
  const found = await all(path, what, z.array(listedRunner))
  // Pages shift when a runner is made meanwhile.
  return [...new Map(found.map((one) => [one.id, one])).values()].sort((a, b) => a.id - b.id)
}

function listOf(of: RunnerScope): { path: string; what: Subject } {
  const scope = 'read_api'
  if (of === 'instance') {
    const role = 'administrator or auditor'
    return {
      path: '/runners/all',
      what: { of: 'all runners of the instance', scope, role, place: 'the instance' },
    }
  }
  if ('group' in of) {
    const what = {
      of: `the runners of the group "${of.group}"`,
      scope,
      role: 'Owner',
      place: 'the group',
    }
    return { path: `/groups/${encodeURIComponent(of.group)}/runners`, what }
  }
  const what = { of: `the runners of the project "${of.project}"`, scope, role: 'Maintainer' }
  return { path: `/projects/${encodeURIComponent(of.project)}/runners`, what }
}

async function detailAll(listed: readonly ListedRunner[], asking: Asking): Promise<Told<DetailedRunner>> {
  const result: Told<DetailedRunner> = { told: new Map(), untold: new Map() }
  const what = {
    of: 'the details of all these runners',
    scope: 'manage_runner (or api)',
    role: 'Maintainer',
    place: 'their project, or Owner in their group',
  }
  let refusal: string | undefined
  for (let start = 0; start < listed.length; start += DETAILS_AT_ONCE) {
    const some = listed.slice(start, start + DETAILS_AT_ONCE)
    await Promise.all(
      some.map(async ({ id }) => {
        if (refusal !== undefined) return void result.untold.set(id, refusal)
        const answer = await asking.request({ method: 'GET', path: `/runners/${id}` })
        const detailed = detailedRunner.safeParse(answer.json)
        if (answer.status === 200 && detailed.success) return void result.told.set(id, detailed.data)
        const reason =
          answer.status === 200
            ? 'GitLab answers about the details of a runner in a way that is not understood.'
            : asking.refusalOf(answer, what).message
        result.untold.set(id, reason)
        // A token without the scope is refused all of them.
        if ((answer.json as { error?: unknown } | undefined)?.error === 'insufficient_scope') refusal = reason
      }),
    )
  }
  return result
}

async function askAll(listed: readonly ListedRunner[], asking: Asking): Promise<Told<AskedRunner>> {
  const result: Told<AskedRunner> = { told: new Map(), untold: new Map() }
  let refusal: string | undefined
  for (let start = 0; start < listed.length; start += RUNNERS_PER_QUERY) {
    const some = listed.slice(start, start + RUNNERS_PER_QUERY).map(({ id }) => id)
    const answered = refusal === undefined ? await askSome(some, asking) : { refusal }
    if ('refusal' in answered) refusal = answered.refusal
    for (const id of some) {
      const asked = 'refusal' in answered ? undefined : answered.runners[`r${id}`]
      if (asked) result.told.set(id, asked)
      else
        result.untold.set(id, refusal ?? 'GitLab does not tell this token of the managers of some runners.')
    }
  }
  return result
}

async function askSome(
  ids: readonly number[],
  asking: Asking,
): Promise<{ runners: Record<string, AskedRunner | null> } | { refusal: string }> {
  const fields = ids.map((id) => `r${id}: runner(id: "gid://gitlab/Ci::Runner/${id}") { ${RUNNER_FIELDS} }`)
  const body = { query: `query { ${fields.join(' ')} }` }
  try {
    const answer = await asking.request({ method: 'POST', path: GRAPHQL, body, readOnly: true })
    const parsed = askedRunners.safeParse(answer.json)
    if (answer.status === 200 && parsed.success && parsed.data.data) return { runners: parsed.data.data }
    const said = parsed.data?.errors?.[0]?.message
    const reason = asking.reasonIn(said ? { ...answer, json: { message: said } } : answer)
    return { refusal: managersRefused(`${answer.status}${reason}`) }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    return { refusal: managersRefused('no JSON') }
  }
}

const managersRefused = (said: string) =>
  `GitLab does not tell of the managers of runners by GraphQL (${said}): executor, architecture and machine are not known.`
