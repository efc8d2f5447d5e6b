/**
 * What recommendations are drawn from, made once for all requests alike while the state stays as it is.
 *
 * A choice set is handed to the journal when it is made, before the first recommendation that names it. Both are
 * published in one turn of the event loop, and the local bus commits such messages together: a crash loses both or
 * neither. Where handing over fails, the set is forgotten here, and the next request makes and hands it over again.
 */
import type { JobRequirements } from '../domain/constraint.ts'
import type { Policy } from '../domain/policy.ts'
import { choiceSetFor } from '../domain/recommendation.ts'
import { totalObservations } from '../domain/state.ts'
import type { StateSnapshot, StateStore } from '../ports.ts'
import { choiceSetRowOf, type PreparedChoice, prepareChoice } from '../schema/choice-set.ts'
import type { Deps } from './handler.ts'

type ShelfDeps = Pick<Deps, 'state' | 'bus' | 'clock' | 'fleet' | 'log'>

/** Choice sets of one generation of the state, and what answers say of that state. */
export type Shelf = {
  snapshot: StateSnapshot
  fleet: Deps['fleet']
  observations: number
  stateAsOf: string | null
  sets: Map<string, PreparedChoice>
  handedOver: Set<string>
}

/** What of a request its choice set depends on. */
export type ChoiceQuestion = { policy: Policy; jobKey: string; requirements: JobRequirements; all: boolean }

/** Arms in all sets of a shelf together, some 100 bytes each; small sets count as if they had a hundred. */
const MOST_ARMS = 200_000
const FEWEST_ARMS = 100

/** One per state store; the old one is dropped with its generation. */
const shelves = new WeakMap<StateStore, Shelf>()

/** @throws Error while the state has not been read. */
export function shelfOf({ state, fleet }: ShelfDeps): Shelf {
  const snapshot = state.latest()
  if (snapshot === undefined) throw new Error('the bandit state has not been read yet')
  let shelf = shelves.get(state)
  if (shelf?.snapshot.generation !== snapshot.generation || shelf.fleet !== fleet) {
    const { newestFinishAt } = snapshot.state
    shelf = {
      snapshot,
      fleet,
      observations: totalObservations(snapshot.state),
      stateAsOf: newestFinishAt === null ? null : new Date(newestFinishAt).toISOString(),
      sets: new Map(),
      handedOver: new Set(),
    }
    shelves.set(state, shelf)
  }
  return shelf
}

export function preparedChoice(shelf: Shelf, question: ChoiceQuestion, deps: ShelfDeps): PreparedChoice {
  const { policy, jobKey, requirements, all } = question
  // The job key tells only which arms served it before: all those never seen are one.
  const seenKey = shelf.snapshot.state.cells.has(jobKey) ? jobKey : null
  const key = JSON.stringify([policy.name, seenKey, requirements])
  const known = all ? undefined : shelf.sets.get(key)
  if (known !== undefined) return known
  const { state, generation } = shelf.snapshot
  const set = choiceSetFor({ policy, jobKey, requirements, state, fleet: deps.fleet })
  const row = choiceSetRowOf(set, policy, generation, deps.clock.now())
  const prepared = prepareChoice(set, row.choice_set_id, all)
  if (!all) keep(shelf, key, prepared)
  if (!shelf.handedOver.has(row.choice_set_id)) handOver(shelf, row, deps)
  return prepared
}

function keep({ sets, fleet }: Shelf, key: string, prepared: PreparedChoice): void {
  const most = Math.ceil(MOST_ARMS / Math.max(FEWEST_ARMS, fleet.arms.size))
  for (const oldest of sets.keys()) {
    if (sets.size < most) break
    sets.delete(oldest)
  }
  sets.set(key, prepared)
}

function handOver(shelf: Shelf, row: ReturnType<typeof choiceSetRowOf>, { bus, log }: ShelfDeps): void {
  const { choice_set_id: id } = row
  const lost = (error: unknown) => {
    log.error('choice_set.lost', { choice_set_id: id, error })
    shelf.handedOver.delete(id)
    for (const [key, { choiceSetId }] of shelf.sets) if (choiceSetId === id) shelf.sets.delete(key)
  }
  shelf.handedOver.add(id)
  try {
    bus.publish({ topic: 'choice-sets', body: row, patient: true }).catch(lost)
  } catch (error) {
    lost(error)
  }
}
