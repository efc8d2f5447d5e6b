/**
 * One job against all runners of a fleet: for each constraint a bit per runner that does not meet it. Bits, and one
 * question for all runners that are alike, so that thousands of runners take milliseconds; sentences are made of those
 * that are asked for.
 */
import { addBits, bitsFor, isSet, setBit } from './bits.ts'
import {
  type Constraint,
  type Demand,
  type JobRequirements,
  type RefusalCode,
  tagsMissing,
} from './constraint.ts'
import type { Fleet, Runner } from './fleet.ts'
import { type Roster, rosterOf } from './roster.ts'
import type { RunnerFacts, SiteFacts, SiteRule } from './site-rule.ts'

/** Which of the runners in a row do not meet which demands. */
export type Verdicts<Asked> = {
  asked: readonly Asked[]
  /** One per demand: bit r is set when runner r does not meet it. */
  unmet: readonly Uint32Array[]
  /** Of all demands together, and of those that each runner of a pool has to meet. */
  unmetAny: Uint32Array
  unmetOfEach: Uint32Array
}

type Common = { demand: Demand; ofPool: Constraint['ofPool'] }
export type HardDemand = Common & { code: RefusalCode }
export type SoftDemand = Common & { rule: SiteRule }

export type Judgement = Pick<Roster, 'runners' | 'places'> & {
  facts: readonly (RunnerFacts | undefined)[]
  hard: Verdicts<HardDemand>
  soft: Verdicts<SoftDemand>
}

/** @param routed the job is to be sent by an arm's tag: then every runner of a pool has to carry the tags it asks for. */
export function judge(
  fleet: Fleet,
  job: JobRequirements,
  site: SiteFacts | undefined,
  routed: boolean,
): Judgement {
  const roster = rosterOf(fleet)
  const facts = site === undefined ? [] : roster.factsOf(site.runners)
  const hard = roster.hard.flatMap((constraint): HardDemand[] => {
    const demand = constraint.demandOf(job, site)
    const ofPool = routed && constraint === tagsMissing ? 'each' : constraint.ofPool
    return demand === undefined ? [] : [{ demand, code: constraint.code, ofPool }]
  })
  const soft = roster.soft.flatMap(({ rule, constraint }): SoftDemand[] => {
    const demand = constraint.demandOf(job, site)
    return demand === undefined ? [] : [{ demand, rule, ofPool: constraint.ofPool }]
  })
  const { runners, places } = roster
  return {
    runners,
    places,
    facts,
    hard: verdictsOn(roster, hard, facts),
    soft: verdictsOn(roster, soft, facts),
  }
}

function verdictsOn<Asked extends Common>(
  roster: Roster,
  asked: readonly Asked[],
  facts: Judgement['facts'],
): Verdicts<Asked> {
  const unmetAny = bitsFor(roster.runners.length)
  const unmetOfEach = bitsFor(roster.runners.length)
  const unmet = asked.map(({ demand, ofPool }) => {
    const bits = unmetBy(demand, roster, facts)
    addBits(unmetAny, bits)
    if (ofPool === 'each') addBits(unmetOfEach, bits)
    return bits
  })
  return { asked, unmet, unmetAny, unmetOfEach }
}

function unmetBy({ trait, isMetBy }: Demand, roster: Roster, facts: Judgement['facts']): Uint32Array {
  const { runners } = roster
  const bits = bitsFor(runners.length)
  if (trait === 'facts') {
    for (let runner = 0; runner < runners.length; runner += 1)
      if (!isMetBy(runners[runner] as Runner, facts[runner])) setBit(bits, runner)
    return bits
  }
  const { ofRunner, examples, bitsOf } = roster.classesOf(trait)
  const isUnmet = new Uint8Array(examples.length)
  for (let one = 0; one < examples.length; one += 1) isUnmet[one] = isMetBy(examples[one] as Runner) ? 0 : 1
  if (bitsOf !== undefined) {
    for (let one = 0; one < bitsOf.length; one += 1)
      if (isUnmet[one] === 1) addBits(bits, bitsOf[one] as Uint32Array)
    return bits
  }
  for (let runner = 0; runner < ofRunner.length; runner += 1)
    if (isUnmet[ofRunner[runner] as number] === 1) setBit(bits, runner)
  return bits
}

/** Whether some runner from `start` to before `end` meets every demand, and all of them those that each has to. */
export function hasFittingRunner(
  { unmetAny, unmetOfEach }: Verdicts<HardDemand>,
  start: number,
  end: number,
): boolean {
  let fits = false
  for (let runner = start; runner < end; runner += 1) {
    if (isSet(unmetOfEach, runner)) return false
    fits ||= !isSet(unmetAny, runner)
  }
  return fits
}

/** The demands that a runner does not meet, in their order. */
export function unmetOf<Asked>({ asked, unmet, unmetAny }: Verdicts<Asked>, runner: number): Asked[] {
  if (!isSet(unmetAny, runner)) return []
  return asked.filter((_, index) => isSet(unmet[index] as Uint32Array, runner))
}

/** The first of them; undefined when it meets all. */
export function firstUnmetOf<Asked>({ asked, unmet }: Verdicts<Asked>, runner: number): Asked | undefined {
  for (let index = 0; index < unmet.length; index += 1)
    if (isSet(unmet[index] as Uint32Array, runner)) return asked[index]
  return undefined
}
