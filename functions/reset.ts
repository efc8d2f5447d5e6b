/**
 * reset: the bandit forgets what it learned; the log stays. An event, too (law 8): the fold starts after the last one.
 *
 * Trigger: POST /reset, with a token of its own; and the command line. Reads: the log's newest moment. Writes: a copy
 * of the state, table `resets`, the state; the bus forgets its keys, so that the same history sent again counts.
 * Repetition: another reset. A crash before the row leaves everything as it was; after it, the next start finds a
 * state that is not what the log says, and rebuilds it.
 */
import { EMPTY_STATE, totalObservations } from '../shared/domain/state.ts'
import { InvalidInputError } from '../shared/errors.ts'
import { refuseUnlessTrusted } from '../shared/runtime/credentials.ts'
import { newestReceivedAt } from '../shared/runtime/event-log.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'
import { decodeResetRequest } from '../shared/schema/reset.ts'
import { encodeRow, resetRow } from '../shared/schema/rows.ts'

type ResetDeps = Pick<
  Deps,
  'bus' | 'clock' | 'deliveries' | 'log' | 'rng' | 'settings' | 'state' | 'unmanagedArms' | 'warehouse'
>

export type ResetReport = {
  reset_id: string
  reset_at: string
  /** Where the state that was set aside is; null when there was none. */
  backup: string | null
  state_generation: string
  state_observations: number
}

const REQUEST_MAX_BYTES = 4096

export async function reset(request: HttpRequest, deps: ResetDeps): Promise<HttpResponse> {
  const refusal = refuseUnlessTrusted(request.headers, deps.settings.adminTokens, 'RUNNER_BANDIT_ADMIN_TOKEN')
  if (refusal !== undefined) return refusal
  const bytes = await request.body(REQUEST_MAX_BYTES)
  if (bytes === undefined) {
    return { status: 413, body: { error: `The body is longer than ${REQUEST_MAX_BYTES} bytes.` } }
  }
  return { status: 200, body: await resetState(decodeResetRequest(bytes), deps) }
}

/** The same for the command line, which needs no token. */
export function resetState({ reason }: { reason: string | null }, deps: ResetDeps): Promise<ResetReport> {
  const { bus, clock, log, rng, state, unmanagedArms, warehouse } = deps
  return deps.deliveries.hold(async () => {
    const before = await state.read()
    // Not before anything that counts now, whatever the clock says.
    const newest = (await newestReceivedAt(warehouse)) ?? 0
    if (newest > clock.now() + SKEW_MS) {
      throw new InvalidInputError(
        `reset: the log holds events of ${new Date(newest).toISOString()}, which lies in the future of this clock; what comes until then would not count. Set the clock, or wait`,
      )
    }
    const resetAt = Math.max(clock.now(), newest)
    const backup = await state.backup()
    await moment()
    // Whoever came until `resetAt` does not count, and has to be able to come again. Forgetting too much is harmless:
    // that nothing counts twice rests on the ids in the state.
    await bus.forget()
    const row = {
      resetId: rng.id(),
      resetAt,
      reason,
      stateGeneration: before.generation,
      stateObservations: totalObservations(before.state),
    }
    await warehouse.insert('resets', [encodeRow(resetRow, row)])
    unmanagedArms.clear()
    // Also over a file that was put there by hand.
    await state.write(EMPTY_STATE, await state.generation(), { resetAt })
    const report = {
      reset_id: row.resetId,
      reset_at: new Date(resetAt).toISOString(),
      backup: backup ?? null,
      state_generation: before.generation,
      state_observations: row.stateObservations,
    }
    log.warning('state.reset', report)
    return report
  })
}

/** As admission allows clocks to differ. */
const SKEW_MS = 5 * 60_000

/** Lets the millisecond pass in which the reset is: who is admitted in it is then forgotten, too. */
function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2))
}
