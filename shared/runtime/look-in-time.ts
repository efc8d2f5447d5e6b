/** A look at the fleet that nobody waits for longer than is sensible, and that is not begun anew while it lasts. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { VmStatus } from '../domain/availability.ts'
import type { AvailabilityDocument } from '../schema/availability.ts'
import type { Deps } from './handler.ts'
import { type LookDeps, lookAtFleet } from './look-at-fleet.ts'

type FleetLook = Awaited<ReturnType<typeof lookAtFleet>>

/** In real time: the clock may jump meanwhile. */
const PATIENCE_MS = 50_000

/** By the process's documents: GitLab, which tries again for long, is not asked twice at once. */
const underWay = new WeakMap<object, Promise<unknown>>()

/** @returns what is wrong, when not all of it could be seen in time. */
export async function lookInTime(
  machines: ReadonlyMap<string, VmStatus>,
  before: AvailabilityDocument,
  deps: LookDeps & Pick<Deps, 'documents'>,
  patienceMs = PATIENCE_MS,
): Promise<FleetLook | { problem: string }> {
  if (underWay.has(deps.documents)) return { problem: 'The look before this one has not ended.' }
  const ending = new AbortController()
  const look = lookAtFleet(machines, before, deps)
  underWay.set(deps.documents, look)
  const ended = () => underWay.delete(deps.documents)
  look.then(ended, ended)
  const late = sleep(patienceMs, { problem: 'GitLab takes too long.' }, { signal: ending.signal })
  try {
    return await Promise.race([look, late])
  } catch (error) {
    // Whatever it is: nothing is known.
    deps.log.warning('fleet.unseen', { error })
    return { problem: (error as Error).message }
  } finally {
    ending.abort()
    late.catch(() => undefined)
  }
}
