/**
 * What recommendations are drawn from, made once for all requests alike while the state stays as it is, and what the
 * rules of the site look at: facts of the runners, and the time, by the minute.
 *
 * A choice set is handed to the journal when it is made, before the first recommendation that names it. Both are
 * published in one turn of the event loop, and the local bus commits such messages together: a crash loses both or
 * neither. Where handing over fails, the set is forgotten here, and the next request makes and hands it over again.
 */
import type { JobRequirements } from '../domain/constraint.ts'
import type { Policy } from '../domain/policy.ts'
import { choiceSetFor } from '../domain/recommendation.ts'
import { type Outlook, outlookOf } from '../domain/site-constraint.ts'
import type { RunnerFacts, SiteFacts } from '../domain/site-rule.ts'
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
  /** Of one minute and of these facts, where a rule looks at them. */
  sets: Map<string, PreparedChoice>
  outlook: Outlook
  seen: { minute: number | null; runners: SiteFacts['runners'] | null }
  handedOver: Set<string>
}

/** What of a request its choice set depends on. */
export type ChoiceQuestion = {
  policy: Policy
  jobKey: string
  requirements: JobRequirements
  all: boolean
  /** What was seen of the runners; the clock says when it is. */
  site?: SiteFacts | undefined
}

const MS_PER_MINUTE = 60_000
const NO_FACTS: ReadonlyMap<string, RunnerFacts> = new Map()

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
      outlook: outlookOf(fleet.rules),
      seen: { minute: null, runners: null },
      handedOver: new Set(),
    }
    shelves.set(state, shelf)
  }
  return shelf
}

export function preparedChoice(shelf: Shelf, question: ChoiceQuestion, deps: ShelfDeps): PreparedChoice {
  const { policy, jobKey, requirements, all } = question
  const site = siteNow(shelf, question, deps)
  const key = keyOf(shelf, question)
  const known = all ? undefined : shelf.sets.get(key)
  if (known !== undefined) return known
  const { state, generation } = shelf.snapshot
  const set = choiceSetFor({ policy, jobKey, requirements, state, fleet: deps.fleet, site })
  const row = choiceSetRowOf(set, policy, generation, deps.clock.now())
  const prepared = prepareChoice(set, row.choice_set_id, all)
  if (!all) keep(shelf, key, prepared)
  if (!shelf.handedOver.has(row.choice_set_id)) handOver(shelf, row, deps)
  return prepared
}

/** What the rules of the site look at now; the sets of what they saw before are dropped. */
function siteNow(shelf: Shelf, { site }: ChoiceQuestion, { clock }: ShelfDeps): SiteFacts | undefined {
  const { looksAtTime, looksAtFacts } = shelf.outlook
  if (!looksAtTime && !looksAtFacts) return undefined
  const minute = looksAtTime ? Math.floor(clock.now() / MS_PER_MINUTE) : null
  const runners = looksAtFacts && site !== undefined ? site.runners : NO_FACTS
  if (shelf.seen.minute !== minute || shelf.seen.runners !== runners) {
    shelf.sets.clear()
    shelf.seen = { minute, runners }
  }
  return { at: (minute ?? 0) * MS_PER_MINUTE, runners }
}

function keyOf(
  { snapshot, fleet, outlook }: Shelf,
  { policy, jobKey, requirements }: ChoiceQuestion,
): string {
  const { projectNames, tags, refProtected, needs } = requirements
  // The job key tells only which arms served it before, and which rules are for it: all those alike in that are one.
  const seenKey = snapshot.state.cells.has(jobKey) ? jobKey : null
  const common = [policy.name, seenKey, projectNames, tags, refProtected]
  if (fleet.rules.length === 0) return JSON.stringify(common)
  return JSON.stringify([...common, needs, outlook.areFor.map((isFor) => isFor({ ...requirements, jobKey }))])
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
