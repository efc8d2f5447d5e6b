/** Checks of the bandit state: whether it can be read, is what the log says, and may be written. */
import type { Instant } from '../../../shared/domain/event.ts'
import { totalObservations } from '../../../shared/domain/state.ts'
import { TransientError } from '../../../shared/errors.ts'
import type { Warehouse } from '../../../shared/ports.ts'
import type { CloudDeps, CloudInspection } from '../../../shared/runtime/deps-cloud.ts'
import { isSameTotals, logTotals, totalsOf } from '../../../shared/runtime/event-log.ts'
import { type LogLag, lagOf } from '../../../shared/runtime/log-lag.ts'
import { failed, ok, span, type Verdict, warning } from '../../local/doctor/check.ts'
import { type Seen, see, unseen } from './seen.ts'

export type StateFacts = Awaited<ReturnType<CloudInspection['state']>> & {
  now: Instant
  /** What the settings say. */
  shards: number
  content: Seen<{
    /** Whether it cannot be understood, and this is the version before it. */
    isOlder: boolean
    generation: string
    updatedAt: Instant | null
    observations: number
    /** Null: of both the same is told. */
    lag: Seen<LogLag | null>
  }>
}

/** Each event passes from Pub/Sub to both within seconds; after so long something is at fault. */
const PATIENCE_MS = 10 * 60_000
/** To compare every event of a long log takes longer than somebody waits. */
const COMPARE_MS = 60_000

/** @param warnings what `state` has logged by the time it is read. */
export async function gatherState(
  inspection: Pick<CloudInspection, 'state'>,
  { state, warehouse, settings, clock }: Pick<CloudDeps, 'state' | 'warehouse' | 'settings' | 'clock'>,
  warnings: readonly string[],
): Promise<StateFacts> {
  const shards = settings.stateShards
  const [found, content] = await Promise.all([
    inspection.state(shards),
    see(async () => {
      const snapshot = await state.read()
      const { state: present, generation, updatedAt } = snapshot
      const lag = await see(async () => {
        if (isSameTotals(await logTotals(warehouse), totalsOf(present))) return null
        return lagOf(snapshot, { warehouse: impatient(warehouse), lateAfterMs: settings.lateAfterMs })
      })
      const isOlder = warnings.includes('state.garbled')
      return { isOlder, generation, updatedAt, observations: totalObservations(present), lag }
    }),
  ])
  return { ...found, now: clock.now(), shards, content }
}

function impatient(warehouse: Warehouse): Warehouse {
  const giveUpAt = performance.now() + COMPARE_MS
  return {
    ...warehouse,
    async *stream(sql) {
      for await (const page of warehouse.stream(sql)) {
        if (performance.now() > giveUpAt)
          throw new TransientError(`the log is too long to be compared in ${COMPARE_MS / 1000} s`)
        yield page
      }
    },
  }
}

export function stateVerdict({ layout, shards, content, now }: StateFacts): Verdict {
  if (layout !== null && layout.shards !== shards) {
    const mend = `export BANDIT_STATE_SHARDS=${layout.shards}   (or divide it: npx runner-bandit reshard --shards ${shards})`
    return failed(`it has ${counted(layout.shards)}, and BANDIT_STATE_SHARDS says ${shards}`, mend)
  }
  if ('error' in content) return unseen(content.error)
  const { isOlder, generation, updatedAt, observations, lag } = content.value
  if (isOlder)
    return failed(
      `generation ${generation} cannot be understood; the one before it is used, with ${observations} observations`,
      'npx runner-bandit rebuild',
    )
  const written =
    updatedAt === null
      ? 'nobody has written it yet'
      : `written ${span(now - updatedAt)} ago, generation ${generation}`
  const finding = `${observations} observations in ${counted(shards)}, ${written}`
  if ('error' in lag) {
    const { message } = lag.error as Error
    return warning(`${finding}; not compared with the log: ${message}`, 'npx runner-bandit rebuild --check')
  }
  if (lag.value === null) return ok(`${finding}, as in the log`)
  return lagVerdict(finding, lag.value, now)
}

function lagVerdict(
  finding: string,
  { unlearned, unlogged, oldestUnlearnedAt }: LogLag,
  now: Instant,
): Verdict {
  const waitsMs = oldestUnlearnedAt === null ? 0 : now - oldestUnlearnedAt
  if (unlearned > 0 && waitsMs > PATIENCE_MS) {
    const mend =
      'The log of the function learn, and of the subscription learn the age of its oldest message, say why.'
    return warning(`${finding}; ${unlearned} not learned yet, the oldest for ${span(waitsMs)}`, mend)
  }
  if (unlogged > 0) {
    const mend =
      'gcloud pubsub subscriptions describe record-events   (if it stays so: what is not in the log, a rebuild forgets)'
    return warning(`${finding}; the log lacks ${unlogged} events that are in it`, mend)
  }
  if (unlearned > 0) return ok(`${finding}; ${unlearned} not learned yet`)
  return failed(`${finding}, and the log says otherwise`, 'npx runner-bandit rebuild')
}

/** Whether learners may write it now. */
export function holdVerdict({ layout, objects, now }: StateFacts): Verdict {
  if (layout?.change !== undefined)
    return warning(
      `a division into ${counted(layout.change.to)} has begun and not ended: until then nothing is learned`,
      `npx runner-bandit reshard --shards ${layout.change.to}   (unless somebody is at it)`,
    )
  const sealed = objects.filter(({ isSealed }) => isSealed)
  if (sealed.length > 0)
    return failed(
      `${sealed.map(({ name }) => name).join(', ')} is sealed: nothing is learned`,
      'npx runner-bandit reshard',
    )
  const until = Math.max(0, ...objects.map(({ heldUntil }) => heldUntil ?? 0))
  if (until > now)
    return warning(
      `held by an operation until ${new Date(until).toISOString()}: what comes meanwhile waits`,
      'Wait: it ends with the operation, or by itself.',
    )
  return ok('nobody holds the state')
}

const counted = (shards: number) => `${shards} ${shards === 1 ? 'shard' : 'shards'}`
