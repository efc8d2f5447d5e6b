import type { BanditState } from '../domain/state.ts'
import { ConflictError } from '../errors.ts'
import type { StateSnapshot, StateStore } from '../ports.ts'

const MAX_TRIES = 10

/**
 * Reads, changes and writes the state until no other writer came in between. A change that returns its input
 * writes nothing, when the content that it was given is still the present one.
 *
 * @throws ConflictError after ten lost races in a row.
 */
export async function updateState(
  store: StateStore,
  change: (snapshot: StateSnapshot) => BanditState,
): Promise<StateSnapshot> {
  for (let tries = 1; ; tries += 1) {
    const snapshot = await store.read()
    const next = change(snapshot)
    if (next === snapshot.state) {
      // It may be what is remembered that needs no change, and not what is there: a reset may have come between.
      if ((await store.generation()) === snapshot.generation) return snapshot
      if (tries === MAX_TRIES) throw new ConflictError('the state changes faster than it can be read')
      continue
    }
    try {
      return await store.write(next, snapshot.generation)
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MAX_TRIES) throw error
    }
  }
}
