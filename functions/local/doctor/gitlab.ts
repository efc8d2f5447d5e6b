/** Whether GitLab's API answers, and still sends the webhook. Asks, and changes nothing. */
import { InvalidInputError, TransientError } from '../../../shared/errors.ts'
import type { Gitlab } from '../../../shared/ports.ts'
import { gitlabBy } from '../../../shared/runtime/deps.ts'
import { createLog } from '../../../shared/runtime/log.ts'
import type { Settings } from '../../../shared/schema/settings.ts'
import { type Check, failed, named, ok, skipped, type Verdict, warning } from './check.ts'

const PATIENCE_MS = 10_000

/**
 * @param publicUrl where GitLab reaches the server; null when it cannot.
 * @param projectId a project that webhooks came from, or else one of fleet.yaml; null when none is known.
 * @returns besides, whether the project has the webhook.
 */
export async function checkGitlab(
  settings: Settings,
  publicUrl: string | null,
  projectId: number | null,
): Promise<{ check: Check; isHooked: boolean }> {
  if (settings.gitlabApiToken === undefined)
    return unasked('GITLAB_API_TOKEN is not set, so GitLab is not asked')
  if (projectId === null)
    return unasked('no project is known to ask about: no webhook came yet, and fleet.yaml gives none an id')
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const gitlab = gitlabBy(settings.gitlabApiToken, settings, createLog('error'), signal)
  const { isHooked, ...found } = await look(gitlab, settings.gitlabUrl, publicUrl, projectId)
  return { check: named('GitLab API', found), isHooked }
}

const unasked = (why: string) => ({ check: named('GitLab API', skipped(why)), isHooked: false })

type Looked = Verdict & { isHooked: boolean }

async function look(
  gitlab: Gitlab,
  gitlabUrl: string,
  publicUrl: string | null,
  projectId: number,
): Promise<Looked> {
  const not = (verdict: Verdict): Looked => ({ ...verdict, isHooked: false })
  const install = `npx runner-bandit hook install --project ${projectId}`
  try {
    const { path } = await gitlab.project(String(projectId))
    const hooks = publicUrl === null ? [] : await gitlab.hooks(projectId)
    const ours = hooks.find(({ url }) => url.startsWith(`${publicUrl}/`))
    if (ours?.alertStatus?.includes('disabled'))
      return not(failed(`GitLab has disabled the webhook of ${path} (${ours.alertStatus})`, install))
    const isHooked = ours !== undefined
    return {
      ...ok(`${gitlabUrl} answers, about ${path}${isHooked ? ', which has the webhook' : ''}`),
      isHooked,
    }
  } catch (error) {
    if (error instanceof InvalidInputError) return not(warning(error.message, `${install} --help`))
    const mend = `curl -sSI ${gitlabUrl}/api/v4/version`
    if (error instanceof TransientError) return not(failed(error.message, mend))
    return not(failed(`GitLab could not be asked (${(error as Error).message})`, mend))
  }
}
