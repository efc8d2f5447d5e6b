/**
 * Virtual machines of Compute Engine, by three requests of its REST API (why no client library: docs/adr/0020). Nothing is
 * tried again here: a start has its request id, and the next run asks again with the same one.
 */
import { ConfigError, InvalidInputError, TransientError } from '../../errors.ts'
import type { VmRef, VmStatus, Vms } from '../../ports.ts'
import { type Auth, credentialsFor, requireCredentials } from './google-credentials.ts'

export type ComputeOptions = {
  /** Of machines that name none. */
  projectId: string
  /** Of another server than Google's, which then asks for no credentials. */
  apiEndpoint?: string | undefined
  /** Who asks; left out: by the application default credentials. */
  auth?: Auth
  timeoutMs?: number
}

const GOOGLE = 'https://compute.googleapis.com'
const TIMEOUT_MS = 10_000
const MAX_REASON = 300

/** Of an instance's life (Compute Engine, "Instance lifecycle"). A suspended one needs another call than start. */
const STATUS: Readonly<Record<string, VmStatus>> = {
  PENDING: 'starting',
  PROVISIONING: 'starting',
  STAGING: 'starting',
  RUNNING: 'running',
  REPAIRING: 'running',
  PENDING_STOP: 'stopping',
  STOPPING: 'stopping',
  SUSPENDING: 'stopping',
  DEPROVISIONING: 'stopping',
  SUSPENDED: 'stopped',
  STOPPED: 'stopped',
  TERMINATED: 'stopped',
}

type Answer = { status: number; json: unknown }

export function openComputeVms(options: ComputeOptions): Vms {
  const { projectId, apiEndpoint, timeoutMs = TIMEOUT_MS } = options
  const isAsked = apiEndpoint === undefined || options.auth !== undefined
  const headersFor = isAsked ? lazyHeaders(options.auth, timeoutMs) : undefined

  async function ask(method: 'GET' | 'POST', vm: VmRef, rest = ''): Promise<Answer> {
    const [project, zone, name] = [vm.project ?? projectId, vm.zone, vm.name].map(encodeURIComponent)
    const path = `/compute/v1/projects/${project}/zones/${zone}/instances/${name}${rest}`
    const url = `${apiEndpoint ?? GOOGLE}${path}`
    const headers = (await headersFor?.(url)) ?? {}
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const response = await fetch(url, { method, headers, signal, redirect: 'error' })
      return { status: response.status, json: parsed(await response.text()) }
    } catch (cause) {
      throw new TransientError(`Compute Engine does not answer about ${vm.name}: ${reasonOf(cause)}`, {
        cause,
      })
    }
  }

  async function change(what: 'start' | 'stop', vm: VmRef, requestId: string): Promise<void> {
    const answer = await ask('POST', vm, `/${what}?requestId=${encodeURIComponent(requestId)}`)
    if (answer.status >= 300) throw refusalOf(answer, what, vm)
    // The operation itself: what it failed of so early is told at once, the rest by the machine's status.
    const { error } = (answer.json ?? {}) as { error?: { errors?: { code?: string; message?: string }[] } }
    const [first] = error?.errors ?? []
    if (first === undefined) return
    throw new TransientError(`${vm.name} did not ${what}: ${first.code} ${first.message ?? ''}`.trim())
  }

  return {
    async state(vm) {
      const answer = await ask('GET', vm)
      if (answer.status === 404 && isOfTheInstance(answer)) return { status: 'missing', startedAt: null }
      if (answer.status >= 300) throw refusalOf(answer, 'tell of', vm)
      const { status, lastStartTimestamp } = (answer.json ?? {}) as Record<string, unknown>
      const known = STATUS[String(status)]
      const startedAt = Date.parse(String(lastStartTimestamp))
      if (known !== undefined) return { status: known, startedAt: Number.isNaN(startedAt) ? null : startedAt }
      throw new TransientError(`Compute Engine says of ${vm.name} a status that is not known: ${status}`)
    },
    start: (vm, requestId) => change('start', vm, requestId),
    stop: (vm, requestId) => change('stop', vm, requestId),
  }
}

/** The headers that say who asks. Storage's client brings Google's own library for it, and its scope is the platform. */
function lazyHeaders(given: Auth | undefined, timeoutMs: number) {
  let opening: Promise<Auth> | undefined
  async function open(): Promise<Auth> {
    const auth = given ?? new (await import('@google-cloud/storage')).Storage().authClient
    await requireCredentials(auth, timeoutMs)
    return auth
  }
  return async (url: string): Promise<Record<string, string>> => {
    opening ??= open()
    // Who logs in meanwhile is let in.
    opening.catch(() => {
      opening = undefined
    })
    const headers = await credentialsFor(url, await opening, timeoutMs)
    return Object.fromEntries(new Headers(headers as Record<string, string>))
  }
}

/** A 404 that names the instance: one of the project, or of something in between, is a fault of the settings. */
const isOfTheInstance = ({ json }: Answer) => /\/instances\//.test(messageIn(json))

function refusalOf({ status, json }: Answer, what: string, vm: VmRef): Error {
  const said = messageIn(json)
  const text = `Compute Engine does not ${what} ${vm.name} (${status}${said === '' ? '' : `, ${said}`})`
  const passes = status === 408 || status === 409 || status === 412 || status === 429 || status >= 500
  if (passes || /rateLimitExceeded|quotaExceeded/i.test(reasonsIn(json))) return new TransientError(text)
  if (status === 401 || status === 403) {
    const advice =
      'Give this account compute.instances.get, .start and .stop on the machine (start_vms in infra/).'
    return new ConfigError(`${text}. ${advice}`)
  }
  return new InvalidInputError(`${text}. Its name, zone and project are those of fleet.yaml.`)
}

type GoogleError = { error?: { message?: unknown; errors?: { reason?: unknown }[] } }

const messageIn = (json: unknown) => String((json as GoogleError)?.error?.message ?? '').slice(0, MAX_REASON)
const reasonsIn = (json: unknown) =>
  ((json as GoogleError)?.error?.errors ?? []).map(({ reason }) => String(reason)).join(' ')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } }
  return cause?.code ?? (name === 'TimeoutError' ? 'it took too long' : message)
}
