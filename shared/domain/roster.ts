/** What judging needs of a fleet, whatever the job: made once for each fleet. */
import { bitsFor, setBit } from './bits.ts'
import { type Constraint, gitlabRule, type Trait } from './constraint.ts'
import type { Fleet, Runner } from './fleet.ts'
import { byCodeUnit } from './policy.ts'
import { constraintOf } from './site-constraint.ts'
import type { RunnerFacts, SiteFacts, SiteRule } from './site-rule.ts'

export type Roster = {
  /** All runners in one row, those of an arm side by side. */
  runners: readonly Runner[]
  /** By arm id: its runners are those from `start` to before `end`. */
  places: ReadonlyMap<string, Place>
  hard: readonly Constraint[]
  soft: readonly { rule: SiteRule; constraint: Constraint }[]
  /** Runners that are alike in a trait are of one class. */
  classesOf(trait: Trait): Classes
  /** What was seen of each runner of the row. */
  factsOf(runners: SiteFacts['runners']): readonly (RunnerFacts | undefined)[]
}

export type Place = { start: number; end: number; tag: string | null }

/** The class of each runner of the row, one runner of each class, and where classes are few, the runners of each. */
export type Classes = {
  ofRunner: Uint32Array
  examples: readonly Runner[]
  bitsOf: readonly Uint32Array[] | undefined
}

const FEW = 64

/** A fleet does not change; one that is read anew is another object. */
const rosters = new WeakMap<Fleet, Roster>()

export function rosterOf(fleet: Fleet): Roster {
  const known = rosters.get(fleet)
  if (known !== undefined) return known
  const roster = makeRoster(fleet)
  rosters.set(fleet, roster)
  return roster
}

function makeRoster(fleet: Fleet): Roster {
  const runners: Runner[] = []
  const places = new Map<string, Place>()
  // In order of their ids, so that who sorts them has little to do.
  for (const { id, tag, runners: members } of [...fleet.arms.values()].sort((a, b) =>
    byCodeUnit(a.id, b.id),
  )) {
    const start = runners.length
    runners.push(...members)
    places.set(id, { start, end: runners.length, tag })
  }
  const ofSite = fleet.rules.map((rule) => ({ rule, constraint: constraintOf(rule) }))
  const hard = ofSite.filter(({ rule }) => rule.severity === 'hard').map(({ constraint }) => constraint)
  const classes = new Map<Trait, Classes>()
  const facts = new WeakMap<SiteFacts['runners'], (RunnerFacts | undefined)[]>()
  return {
    runners,
    places,
    hard: [...gitlabRule, ...hard],
    soft: ofSite.filter(({ rule }) => rule.severity === 'soft'),
    classesOf: (trait) => getOrMake(classes, trait, () => classify(runners, trait)),
    factsOf: (seen) => getOrMake(facts, seen, () => runners.map(({ name }) => seen.get(name))),
  }
}

function getOrMake<Key extends string | object, Value>(
  map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

function classify(runners: readonly Runner[], trait: Trait): Classes {
  const numbers = new Map<unknown, number>()
  const examples: Runner[] = []
  const ofRunner = Uint32Array.from(runners, (runner) => {
    const value = comparable(runner[trait])
    const known = numbers.get(value)
    if (known !== undefined) return known
    numbers.set(value, examples.length)
    examples.push(runner)
    return examples.length - 1
  })
  if (examples.length > FEW) return { ofRunner, examples, bitsOf: undefined }
  const bitsOf = examples.map(() => bitsFor(runners.length))
  for (const [runner, one] of ofRunner.entries()) setBit(bitsOf[one] as Uint32Array, runner)
  return { ofRunner, examples, bitsOf }
}

/** Two values of a trait are the same when these are. */
function comparable(value: Runner[Trait]): unknown {
  if (value instanceof Set) return JSON.stringify([...value].sort())
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
