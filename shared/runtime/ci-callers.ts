/** CI jobs that ask or report: with the API's token, or with the id token by which GitLab vouches for the job. */
import type { IncomingHttpHeaders } from 'node:http'
import { type CiJob, isLikeIdToken, isListed, readCiJob } from '../schema/ci-job.ts'
import { bearerOf } from './credentials.ts'
import type { Deps, HttpResponse } from './handler.ts'

/** Who asks: nobody in particular, or the job that an id token is of. */
export type Caller = { refusal: HttpResponse } | { refusal?: never; job: CiJob | undefined }

/** What parameters have to say, by name: one of these, the first of which is filled in where nothing is said. */
export type Said = Readonly<Record<string, readonly string[]>>

/**
 * Judges what a request carries. An id token counts by itself: one that is not believed is not tried as anything else.
 * @param refuse decides about requests without one.
 * @throws TransientError when GitLab's keys cannot be had.
 */
export async function callerOf(
  headers: IncomingHttpHeaders,
  { idTokens, settings }: Pick<Deps, 'idTokens' | 'settings'>,
  refuse: () => HttpResponse | undefined,
): Promise<Caller> {
  const token = idTokens.gitlab === undefined ? undefined : bearerOf(headers)
  if (idTokens.gitlab === undefined || token === undefined || !isLikeIdToken(token)) {
    const refusal = refuse()
    return refusal === undefined ? { job: undefined } : { refusal }
  }
  const claims = await idTokens.gitlab.verify(token)
  const job = claims === undefined ? undefined : readCiJob(claims)
  if (job === undefined) {
    const error =
      'The id token is not believed: not of a CI job of this GitLab, not for this audience, or expired.'
    return { refusal: { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: { error } } }
  }
  if (isListed(job, settings.idTokenProjects ?? [])) return { job }
  const paths = [...new Set(job.projects.map(({ path }) => path))].join(' and ')
  const error = `RUNNER_BANDIT_ID_TOKEN_PROJECTS does not name ${paths}.`
  return { refusal: { status: 403, body: { error } } }
}

/**
 * The parameters, completed by what an id token says; a 403 when any of them, also one of several of a name, says
 * otherwise. An empty one says nothing.
 */
export function agreeing(
  parameters: Iterable<[string, string]>,
  said: Said,
): { refusal: HttpResponse } | { refusal?: never; parameters: [string, string][] } {
  const given = [...parameters].filter(([name, value]) => value !== '' || !Object.hasOwn(said, name))
  const names = new Set(given.map(([name]) => name))
  const contradicting = given.filter(
    ([name, value]) => Object.hasOwn(said, name) && !said[name]?.includes(value),
  )
  if (contradicting.length > 0) {
    const which = [...new Set(contradicting.map(([name]) => name))].join(', ')
    const error = `The id token says otherwise than: ${which}. Leave out what it says.`
    return { refusal: { status: 403, body: { error } } }
  }
  const missing = Object.entries(said).flatMap(([name, [first]]): [string, string][] =>
    names.has(name) || first === undefined ? [] : [[name, first]],
  )
  return { parameters: [...given, ...missing] }
}
