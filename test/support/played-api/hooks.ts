/** A project's webhooks: made, changed, listed, tested, and disabled after failures as GitLab 17.11 does it. */
import type { Reply } from './index.ts'

export type PlayedHook = {
  id: number
  projectId: number
  attributes: Record<string, unknown>
  token?: string
  signingToken?: string
  /** Above 3 it is disabled for a while, above 39 for good. */
  recentFailures: number
}

const EVENTS = ['push_events', 'job_events', 'pipeline_events', 'issues_events']
const FLAGS = [...EVENTS, 'enable_ssl_verification']

/** What a webhook's receiver answers to a test of a trigger. */
export type HookReceiver = (hook: PlayedHook, trigger: string) => number | Promise<number>

export function createHooks(version: 18 | 19, receiver: HookReceiver) {
  const all: PlayedHook[] = []

  function answer(
    projectId: number,
    method: string,
    rest: string,
    body: Record<string, unknown>,
  ): Reply | Promise<Reply> {
    const [, id, trigger] = /^hooks(?:\/(\d+))?(?:\/test\/(\w+))?$/.exec(rest) ?? []
    if (id === undefined) {
      if (method === 'GET')
        return { status: 200, body: all.filter((one) => one.projectId === projectId).map(told) }
      return change({ id: all.length + 1, projectId, attributes: defaults(), recentFailures: 0 }, body, 201)
    }
    const hook = all.find((one) => one.id === Number(id) && one.projectId === projectId)
    if (hook === undefined) return { status: 404, body: { message: '404 Not found' } }
    if (trigger !== undefined) return test(hook, trigger)
    return method === 'PUT' ? change(hook, body, 200) : { status: 200, body: told(hook) }
  }

  function change(hook: PlayedHook, body: Record<string, unknown>, status: number): Reply {
    const url = String(body.url)
    if (!URL.canParse(url) || /^https?:\/\/(10\.|192\.168\.)/.test(url)) {
      return { status: 422, body: { error: 'Invalid url given' } }
    }
    hook.attributes = { ...hook.attributes, url, ...pick(body, FLAGS) }
    if (body.token !== undefined) hook.token = String(body.token)
    // Older versions do not know the parameter, and say nothing of it.
    if (body.signing_token !== undefined && version >= 19) hook.signingToken = String(body.signing_token)
    if (!all.includes(hook)) all.push(hook)
    return { status, body: told(hook) }
  }

  async function test(hook: PlayedHook, trigger: string): Promise<Reply> {
    if (!EVENTS.includes(trigger))
      return { status: 400, body: { error: 'trigger does not have a valid value' } }
    const httpStatus = await receiver(hook, trigger)
    const isOk = httpStatus >= 200 && httpStatus < 300
    hook.recentFailures = isOk ? 0 : hook.recentFailures + 1
    if (isOk) return { status: 201, body: { message: '201 Created' } }
    return { status: 422, body: { message: `Hook execution failed with ${httpStatus}` } }
  }

  function told(hook: PlayedHook): object {
    const isDisabled = hook.recentFailures > 3
    return {
      id: hook.id,
      name: '',
      description: '',
      created_at: '2026-11-01T08:00:00.000Z',
      ...hook.attributes,
      alert_status:
        hook.recentFailures > 39 ? 'disabled' : isDisabled ? 'temporarily_disabled' : 'executable',
      disabled_until: isDisabled ? '2026-11-02T08:00:00.000Z' : null,
      url_variables: [],
      ...(version >= 19 && {
        token_present: hook.token !== undefined,
        signing_token_present: hook.signingToken !== undefined,
      }),
      project_id: hook.projectId,
    }
  }

  return { all, answer }
}

/** GitLab's own: a new webhook fires on pushes. */
const defaults = () => ({
  push_events: true,
  job_events: false,
  pipeline_events: false,
  issues_events: false,
  enable_ssl_verification: true,
})

const pick = (source: Record<string, unknown>, keys: readonly string[]) =>
  Object.fromEntries(keys.filter((key) => key in source).map((key) => [key, source[key]]))
