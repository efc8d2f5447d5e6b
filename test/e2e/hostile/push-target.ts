/** Deployed functions that Google's services call, called by whom it pleases. */
import { readFileSync } from 'node:fs'
import type { JobEvent } from '../../../shared/domain/event.ts'
import { encodeEvent } from '../../../shared/schema/event.ts'
import { decodeState } from '../../../shared/schema/state.ts'
import { finishedEvent } from '../../support/builders.ts'
import { pushClaims, startPlayedCloud } from '../../support/cloud/index.ts'
import { openPuller } from '../../support/cloud/pull.ts'
import type { Emulator } from '../../support/pubsub-emulator.ts'

export type PushTarget = Awaited<ReturnType<typeof startPushTarget>>

const PROJECT = 'played-project'
type Running = 'learn' | 'record' | 'ticks'

type Sent = {
  at?: Running
  method?: string
  /** Google's, unless it is said. */
  token?: string | undefined
  headers?: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer>
}

/** A finish that admission would have let in, as the bus has it. */
export function finished(jobId: number, overrides: Partial<JobEvent> = {}): string {
  return JSON.stringify(encodeEvent(finishedEvent({ jobId, occurredAt: Date.now() - 10_000, ...overrides })))
}

/** What Pub/Sub puts around a message. */
export function wrapped(
  data: string | Buffer,
  attributes: Record<string, string> = { type: 'job.finished' },
  subscription = `projects/${PROJECT}/subscriptions/learn`,
): string {
  const message = { data: Buffer.from(data).toString('base64'), attributes, messageId: '1' }
  return JSON.stringify({ message, subscription })
}

export async function startPushTarget(
  emulator: Emulator,
  whenDone: (cleanUp: () => unknown) => void,
  run: readonly Running[] = ['learn', 'record'],
) {
  const cloud = await startPlayedCloud(emulator, whenDone, { run, delivers: false, projectId: PROJECT })
  const puller = await openPuller(cloud.pubsub)
  whenDone(puller.close)
  const pids = run.map((name) => cloud.functionOf(name).pid())
  const token = () => cloud.issuer.token(pushClaims())
  const serverOf = (path: string): Running =>
    path.includes('learn') ? 'learn' : path.startsWith('/ticks') ? 'ticks' : 'record'

  return {
    issuer: cloud.issuer,
    token,
    port: (name: Running) => Number(new URL(cloud.functionOf(name).url).port),
    send(path: string, { at = serverOf(path), method = 'POST', headers = {}, ...sent }: Sent = {}) {
      const shown = 'token' in sent ? sent.token : token()
      const authorization = shown === undefined ? {} : { authorization: `Bearer ${shown}` }
      return fetch(`${cloud.functionOf(at).url}${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...authorization, ...headers },
        ...(sent.body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body: sent.body }),
      })
    },
    /** The state as it is in the bucket. */
    state() {
      const object = cloud.storage.object('bandit_state.json')
      return object === undefined ? undefined : decodeState(object.bytes)
    },
    /** Dead letters since the last call. */
    letters: () => puller.take('dead-letters'),
    /** What may not change by what is refused. */
    async kept() {
      const [row] = await cloud.warehouse.query('SELECT COUNT(*) AS quarantined FROM ci_metrics.quarantine')
      const generations = cloud.storage.versions().map(({ name, generation }) => [name, generation])
      return { ...row, generations, letters: await puller.take('dead-letters') }
    },
    /** Which of the processes are not those that were started. */
    restarts: () =>
      run.filter((name, index) => !isAlive(pids[index] as number) || cloud.functionOf(name).kills > 0).length,
    /** Undefined where the system does not tell. */
    rssBytes(name: Running): number | undefined {
      const status = readStatus(cloud.functionOf(name).pid())
      const kib = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
      return kib === undefined ? undefined : Number(kib) * 1024
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
