/** Whether GitLab's API answers, and still sends the webhook. Asks, and changes nothing. */
import { InvalidInputError, TransientError } from '../../../shared/errors.ts'
import type { Gitlab } from '../../../shared/ports.ts'
import { gitlabBy } from '../../../shared/runtime/deps.ts'
import { createLog } from '../../../shared/runtime/log.ts'
import type { Settings } from '../../../shared/schema/settings.ts'
import { type Check, failed, named, ok, skipped, warning } from './check.ts'

const PATIENCE_MS = 10_000

/**
 * @param publicUrl where GitLab reaches the server; null when it cannot.
 * @param projectId a project that webhooks came from; null when none is known.
 */
export async function checkGitlab(
  settings: Settings,
  publicUrl: string | null,
  projectId: number | null,
): Promise<Check> {
  if (settings.gitlabApiToken === undefined)
    return named('GitLab API', skipped('GITLAB_API_TOKEN is not set, so GitLab is not asked'))
  if (projectId === null)
    return named('GitLab API', skipped('no project is known to ask about, before the first webhook'))
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const gitlab = gitlabBy(settings.gitlabApiToken, settings, createLog('error'), signal)
  return named('GitLab API', await verdict(gitlab, settings.gitlabUrl, publicUrl, projectId))
}

async function verdict(gitlab: Gitlab, gitlabUrl: string, publicUrl: string | null, projectId: number) {
  const install = `npx runner-bandit hook install --project ${projectId}`
  try {
    const { path } = await gitlab.project(String(projectId))
    const hooks = publicUrl === null ? [] : await gitlab.hooks(projectId)
    const ours = hooks.find(({ url }) => url.startsWith(`${publicUrl}/`))
    if (ours?.alertStatus?.includes('disabled'))
      return failed(`GitLab has disabled the webhook of ${path} (${ours.alertStatus})`, install)
    return ok(`${gitlabUrl} answers, about ${path}`)
  } catch (error) {
    if (error instanceof InvalidInputError) return warning(error.message, `${install} --help`)
    const mend = `curl -sSI ${gitlabUrl}/api/v4/version`
    if (error instanceof TransientError) return failed(error.message, mend)
    return failed(`GitLab could not be asked (${(error as Error).message})`, mend)
  }
}
