import { lastSeenAt, STALE_AFTER_MS } from '../domain/availability.ts'
import type { RunnersSeen, SiteFacts } from '../domain/site-rule.ts'
import type { DocumentSnapshot } from '../ports.ts'
import { readAvailability } from '../schema/availability.ts'
import type { Deps } from './handler.ts'

/** Of a document the facts are made once: it is asked for with every recommendation. */
const made = new WeakMap<DocumentSnapshot, RunnersSeen | undefined>()

/**
 * What site rules look at of the runners now, from the last look at the fleet, and when that was; undefined when there
 * was none lately. Awaits nothing.
 */
export function siteFactsOf({
  documents,
  clock,
}: Pick<Deps, 'documents' | 'clock'>): (SiteFacts & RunnersSeen) | undefined {
  const snapshot = documents.latest('availability')
  if (snapshot === undefined) return undefined
  if (!made.has(snapshot)) made.set(snapshot, factsIn(snapshot.value))
  const seen = made.get(snapshot)
  if (seen === undefined) return undefined
  const at = clock.now()
  const ageMs = at - seen.observedAt
  return ageMs >= 0 && ageMs <= STALE_AFTER_MS ? { ...seen, at } : undefined
}

function factsIn(value: unknown): RunnersSeen | undefined {
  try {
    const { observedAt, runners } = readAvailability(value)
    if (observedAt === null) return undefined
    const facts = runners.map(
      (one) => [one.name, { lastSeenAt: lastSeenAt(one), running: one.running }] as const,
    )
    return { observedAt, runners: new Map(facts) }
  } catch {
    // The tick says what is wrong with it.
    return undefined
  }
}
