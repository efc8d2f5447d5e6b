import { lastSeenAt } from '../domain/availability.ts'
import type { SiteFacts } from '../domain/site-rule.ts'
import type { DocumentSnapshot } from '../ports.ts'
import { readAvailability } from '../schema/availability.ts'
import type { Deps } from './handler.ts'

/** What is older says nothing of now. */
const MAX_AGE_MS = 15 * 60_000

/** Of a document the facts are made once: it is asked for with every recommendation. */
const made = new WeakMap<DocumentSnapshot, SiteFacts | undefined>()

/**
 * What site rules look at of the runners, from the last look at the fleet; undefined when there was none lately. Awaits
 * nothing.
 */
export function siteFactsOf({ documents, clock }: Pick<Deps, 'documents' | 'clock'>): SiteFacts | undefined {
  const snapshot = documents.latest('availability')
  if (snapshot === undefined) return undefined
  if (!made.has(snapshot)) made.set(snapshot, factsIn(snapshot.value))
  const facts = made.get(snapshot)
  const ageMs = facts === undefined ? Number.POSITIVE_INFINITY : clock.now() - facts.at
  return facts !== undefined && ageMs >= 0 && ageMs <= MAX_AGE_MS ? { ...facts, at: clock.now() } : undefined
}

function factsIn(value: unknown): SiteFacts | undefined {
  try {
    const { observedAt, runners } = readAvailability(value)
    if (observedAt === null) return undefined
    const facts = runners.map(
      (one) => [one.name, { lastSeenAt: lastSeenAt(one), running: one.running }] as const,
    )
    return { at: observedAt, runners: new Map(facts) }
  } catch {
    // The tick says what is wrong with it.
    return undefined
  }
}
