/** The feasible set: the arms that may take a job, for each other arm why not, and what is preferred among them. */
import { type JobRequirements, quote } from './constraint.ts'
import type { Fleet, Runner } from './fleet.ts'
import { hasFittingRunner, judge } from './judgement.ts'
import { byCodeUnit } from './policy.ts'
import { type Preference, preferenceOf } from './preference.ts'
import { type ArmRefusal, type Refusal, refusalOf } from './refusal.ts'
import type { Place } from './roster.ts'
import type { SiteFacts } from './site-rule.ts'
import type { BanditState } from './state.ts'

export type { Refusal, RuleRefusal } from './refusal.ts'

export type FeasibleSet = {
  feasible: string[]
  refused: Refusal[]
  /** Of the feasible arms that leave a soft rule unmet. */
  preferences: ReadonlyMap<string, Preference>
}

export type FeasibleOptions = {
  /** Arms known to be able to take the job although its tags, or theirs, are not known. */
  provenFit?: ReadonlySet<string> | undefined
  /** What was seen of the runners, and when it is; left out: nothing is known, and no rule that looks at it refuses. */
  site?: SiteFacts | undefined
  /**
   * The job is to be sent to an arm by the arm's tag, which it carries in the place of its own. So *every* runner with
   * that tag may get it: each has to carry what the job asks for, and the tag has to be the arm's alone.
   */
  routed?: boolean
}

/** Splits the candidates; both lists come sorted by arm id in code units. */
export function feasibleSet(
  candidates: Iterable<string>,
  fleet: Fleet,
  job: JobRequirements,
  { provenFit = new Set(), site, routed = false }: FeasibleOptions = {},
): FeasibleSet {
  const judgement = judge(fleet, job, site, routed)
  const feasible: string[] = []
  const refused: Refusal[] = []
  const preferences = new Map<string, Preference>()
  const nowhere: Place = { start: 0, end: 0, tag: null }
  for (const id of [...candidates].sort(byCodeUnit)) {
    const managed = judgement.places.get(id)
    const { start, end, tag } = managed ?? nowhere
    const isUnknown = (job.tags === null || managed === undefined) && !provenFit.has(id)
    const ofArm = isUnknown ? unknownFit(id, job) : routed && tag === null ? unroutable(id) : undefined
    if (ofArm !== undefined || (managed !== undefined && !hasFittingRunner(judgement.hard, start, end))) {
      refused.push(refusalOf(id, { judgement, start, end }, ofArm))
      continue
    }
    feasible.push(id)
    const preference = preferenceOf(judgement, start, end)
    if (preference !== undefined) preferences.set(id, preference)
  }
  return { feasible, refused, preferences }
}

/** Why it cannot be told whether the arm carries the job's tags. */
function unknownFit(id: string, { tags }: JobRequirements): ArmRefusal {
  if (tags === null) {
    const reason = `The job's tags are not known, and ${quote(id)} is not known to have served this job before.`
    return { code: 'tags_unknown', reason }
  }
  const reason = `${quote(id)} is not described in fleet.yaml and has not served this job before, so it is not known to carry its tags.`
  return { code: 'unmanaged', reason }
}

function unroutable(id: string): ArmRefusal {
  const reason = `${quote(id)} has no tag in fleet.yaml that only it carries, so no job can be sent to it.`
  return { code: 'no_routing_tag', reason }
}

/**
 * Arms that can take a job of unknown tags as far as can be told: those that served the job key before, and those that
 * carry every tag of the runner that has it now (job tags ⊆ its tags ⊆ theirs).
 */
export function provenFitFor(
  state: BanditState,
  fleet: Fleet,
  jobKey: string,
  actual?: { arm: string; tags: readonly string[] },
): Set<string> {
  const fit = new Set(state.cells.get(jobKey)?.keys())
  if (actual === undefined) return fit
  fit.add(actual.arm)
  if (actual.tags.length === 0) return fit
  // A runner that takes untagged jobs may have one now: then its tags say nothing of who else takes it.
  const mayBeUntagged = fleet.arms.get(actual.arm)?.runners.some(({ runUntagged }) => runUntagged) ?? false
  const fits = ({ tags, runUntagged }: Runner) =>
    actual.tags.every((tag) => tags.has(tag)) && (runUntagged || !mayBeUntagged)
  // Of a pool every runner has to fit, since any of them may be the one that is able.
  for (const [id, { runners }] of fleet.arms) if (runners.every(fits)) fit.add(id)
  return fit
}

/** The refused arms by code: each stands under every code that refused it, or one of its runners. */
export function armsByCode(refused: readonly Refusal[]): Record<string, string[]> {
  const arms: Record<string, string[]> = {}
  for (const { arm, codes } of refused) {
    for (const code of codes) {
      arms[code] ??= []
      arms[code].push(arm)
    }
  }
  return arms
}

/** Every arm that is known: the fleet's, and the unmanaged ones that have been observed. */
export function knownArms(state: BanditState, fleet: Fleet): Set<string> {
  return new Set([...fleet.arms.keys(), ...state.arms.keys()])
}
