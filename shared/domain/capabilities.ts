/** Capabilities: what a job gets by asking for a tag, made from what the runners that carry it have. */
import type { Fleet, Runner } from './fleet.ts'
import { byCodeUnit } from './policy.ts'

/** What a runner has of each kind; null: not known, or none. */
export const CAPABILITIES = ['executor', 'architecture', 'machine', 'zone', 'gpu'] as const
/** What a machine without one says of its GPU. */
const NO_GPU = 'none'
export type CapabilityKind = (typeof CAPABILITIES)[number]

export type TagCapability = {
  tag: string
  /** The runners that carry it, by name. */
  runners: string[]
  /** Of each kind every value that one of them has. */
  has: Record<CapabilityKind, string[]>
  /** What all of them share, so that a job that asks for the tag is sure of it; null: nothing of that kind. */
  guarantees: Record<CapabilityKind, string | null>
  /** The arm that it routes to, and no other; null when it is for more. */
  arm: string | null
}

/** Of each tag that a runner carries, sorted by tag. */
export function capabilitiesOf(fleet: Fleet): TagCapability[] {
  const carriers = new Map<string, Runner[]>()
  for (const { runners } of fleet.arms.values()) {
    for (const runner of runners) {
      for (const tag of runner.tags) {
        const known = carriers.get(tag) ?? []
        known.push(runner)
        carriers.set(tag, known)
      }
    }
  }
  const routing = new Map([...fleet.arms.values()].map(({ id, tag }) => [tag, id]))
  return [...carriers]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([tag, runners]) => ({
      tag,
      runners: runners.map(({ name }) => name),
      has: ofEach((kind) => valuesOf(runners, kind)),
      guarantees: ofEach((kind) => sharedBy(runners, kind)),
      arm: routing.get(tag) ?? null,
    }))
}

function ofEach<T>(make: (kind: CapabilityKind) => T): Record<CapabilityKind, T> {
  return Object.fromEntries(CAPABILITIES.map((kind) => [kind, make(kind)])) as Record<CapabilityKind, T>
}

function valuesOf(runners: readonly Runner[], kind: CapabilityKind): string[] {
  const values = runners.map((runner) => heldBy(runner, kind)).filter((value) => value !== null)
  return [...new Set(values)].sort(byCodeUnit)
}

function sharedBy(runners: readonly Runner[], kind: CapabilityKind): string | null {
  const values = new Set(runners.map((runner) => heldBy(runner, kind)))
  const [value] = values
  return values.size === 1 ? (value ?? null) : null
}

/** That there is no GPU is known, and nothing to ask for. */
function heldBy(runner: Runner, kind: CapabilityKind): string | null {
  return kind === 'gpu' && runner.gpu === NO_GPU ? null : runner[kind]
}
