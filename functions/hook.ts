/**
 * hook install: the webhook of a project in GitLab, made or repaired.
 *
 * Called by: the command line. Reads and writes: GitLab. Repetition: a webhook that is as it should be stays so. Its
 * secrets are written each time, since GitLab never shows them to compare.
 */
import { InvalidInputError } from '../shared/errors.ts'
import type { Gitlab, GitlabHook, GitlabHookWish, GitlabProject } from '../shared/ports.ts'
import type { Deps } from '../shared/runtime/handler.ts'

export type HookReport = {
  project: GitlabProject
  url: string
  /** With `dry_run`, what would be done. */
  action: 'created' | 'repaired' | 'unchanged'
  dry_run: boolean
  /** What was not as it should be. */
  differences: string[]
  /** Null when it would be created. */
  hook_id: number | null
  /** As GitLab reports it; null when it does not say. */
  enabled: boolean | null
  disabled_until: string | null
  /** Why GitLab's test delivery failed, when the webhook is disabled and was tested. */
  test_failure: string | null
  /** Whether this server accepts the secret token; not when a signing token alone is set. */
  secret_token: boolean
  /** Whether GitLab signs what it sends; null when no signing token is set. */
  signed: boolean | null
  /** Further webhooks of the project with the same URL. */
  duplicates: number[]
}

type HookDeps = Pick<Deps, 'gitlab' | 'log' | 'settings'>

export type HookInput = {
  /** Id or full path. */
  project: string
  /** Where GitLab reaches this server; PUBLIC_URL when left out. */
  url?: string | undefined
  dryRun: boolean
  apiToken?: string | undefined
}

const PATH = '/webhooks/gitlab'
const LOOPBACK =
  /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:7f[0-9a-f]{2}:.*\])$/
/** Any trigger will do to show GitLab that deliveries are answered; the second needs no job in the project. */
const TEST_TRIGGERS = ['job_events', 'push_events']

export async function installHook(input: HookInput, deps: HookDeps): Promise<HookReport> {
  const { settings } = deps
  const wish: GitlabHookWish = {
    url: hookUrl(input.url ?? settings.publicUrl),
    jobEvents: true,
    pipelineEvents: true,
    pushEvents: false,
    sslVerification: true,
    token: settings.webhookTokens?.[0],
    signingToken: settings.signingTokens?.[0],
  }
  const gitlab = deps.gitlab(input.apiToken)
  const project = await gitlab.project(input.project)
  const [present, ...duplicates] = (await gitlab.hooks(project.id))
    .filter(({ url }) => plain(url) === plain(wish.url))
    .sort((a, b) => a.id - b.id)
  const differences = present === undefined ? [] : differencesOf(present, wish)
  const about = {
    project,
    url: wish.url,
    action: actionFor(present, differences),
    dry_run: input.dryRun,
    differences,
    secret_token: wish.token !== undefined,
    duplicates: duplicates.map(({ id }) => id),
  }
  if (input.dryRun) return { ...about, ...seenAs(present, wish, null) }
  const written =
    present === undefined
      ? await gitlab.createHook(project.id, wish)
      : await gitlab.updateHook(project.id, present.id, wish)
  const { hook, failure } =
    isEnabled(written) === false ? await enable(written, project, gitlab) : noTest(written)
  const report = { ...about, ...seenAs(hook, wish, failure) }
  deps.log.info('hook.installed', { hook_id: report.hook_id, project_id: project.id, action: report.action })
  return report
}

/** @throws InvalidInputError when there is none, or GitLab cannot reach it. */
function hookUrl(base: string | undefined): string {
  const advice =
    'Put a proxy or tunnel with HTTPS in front of this server, and give its address by --url or PUBLIC_URL.'
  if (base === undefined)
    throw new InvalidInputError(`Where GitLab reaches this server is not known. ${advice}`)
  if (!URL.canParse(base)) throw new InvalidInputError(`"${base}" is no URL. ${advice}`)
  const url = new URL(base)
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new InvalidInputError(`"${base}" is not an address without user, password, ? and #. ${advice}`)
  }
  if (LOOPBACK.test(url.hostname)) {
    throw new InvalidInputError(`GitLab cannot reach ${url.hostname}, which means itself to it. ${advice}`)
  }
  const whole = plain(url.href)
  return whole.endsWith(PATH) ? whole : `${whole}${PATH}`
}

/** Two spellings of one address become one. */
function plain(url: string): string {
  return (URL.canParse(url) ? new URL(url).href : url).replace(/\/+$/, '')
}

function differencesOf(hook: GitlabHook, wish: GitlabHookWish): string[] {
  const differences: string[] = []
  if (!hook.jobEvents) differences.push('job events are off')
  if (!hook.pipelineEvents) differences.push('pipeline events are off')
  if (hook.pushEvents) differences.push('push events are on')
  if (!hook.sslVerification) differences.push('SSL verification is off')
  if (hook.tokenPresent === false && wish.token !== undefined) differences.push('the secret token is missing')
  if (hook.signingTokenPresent === false && wish.signingToken !== undefined) {
    differences.push('the signing token is missing')
  }
  if (isEnabled(hook) === false) differences.push('GitLab has disabled it')
  return differences
}

function actionFor(present: GitlabHook | undefined, differences: readonly string[]): HookReport['action'] {
  if (present === undefined) return 'created'
  return differences.length === 0 ? 'unchanged' : 'repaired'
}

function isEnabled({ alertStatus }: GitlabHook): boolean | null {
  return alertStatus === null ? null : alertStatus === 'executable'
}

const noTest = (hook: GitlabHook) => ({ hook, failure: null })

/** Only a delivery that is answered 2xx makes GitLab enable a webhook again (WebHooks::LogExecutionService). */
async function enable(
  hook: GitlabHook,
  project: GitlabProject,
  gitlab: Gitlab,
): Promise<{ hook: GitlabHook; failure: string | null }> {
  let failure: string | null = null
  for (const trigger of TEST_TRIGGERS) {
    const { ok, reason } = await gitlab.testHook(project.id, hook.id, trigger)
    failure = ok ? null : reason
    if (ok) break
  }
  const now = (await gitlab.hooks(project.id)).find(({ id }) => id === hook.id)
  return { hook: now ?? hook, failure }
}

function seenAs(hook: GitlabHook | undefined, wish: GitlabHookWish, failure: string | null) {
  const until = hook?.disabledUntil ?? null
  return {
    hook_id: hook?.id ?? null,
    enabled: hook === undefined ? null : isEnabled(hook),
    disabled_until: until === null ? null : new Date(until).toISOString(),
    test_failure: failure,
    signed: wish.signingToken === undefined || hook === undefined ? null : hook.signingTokenPresent === true,
  }
}
