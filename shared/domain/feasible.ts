/** The feasible set: the arms that may take a job, and for each other arm why not. */
import { gitlabRule, type JobRequirements, quote, type RefusalCode } from './constraint.ts'
import type { Arm, Fleet, Runner } from './fleet.ts'
import { byCodeUnit } from './policy.ts'
import type { BanditState } from './state.ts'

export type Refusal = { arm: string; code: RefusalCode; reason: string }
export type FeasibleSet = { feasible: string[]; refused: Refusal[] }

/**
 * Splits the candidates; both lists come sorted by arm id in code units.
 *
 * @param provenFit arms known to be able to take the job although its tags, or theirs, are not known.
 */
export function feasibleSet(
  candidates: Iterable<string>,
  fleet: Fleet,
  job: JobRequirements,
  provenFit: ReadonlySet<string> = new Set(),
): FeasibleSet {
  const feasible: string[] = []
  const refused: Refusal[] = []
  for (const arm of [...candidates].sort(byCodeUnit)) {
    const refusal = refusalOf(arm, fleet.arms.get(arm), job, provenFit)
    if (refusal === undefined) feasible.push(arm)
    else refused.push(refusal)
  }
  return { feasible, refused }
}

function refusalOf(
  id: string,
  arm: Arm | undefined,
  job: JobRequirements,
  provenFit: ReadonlySet<string>,
): Refusal | undefined {
  if (job.tags === null && !provenFit.has(id)) {
    const reason = `The job's tags are not known, and ${quote(id)} is not known to have served this job before.`
    return { arm: id, code: 'tags_unknown', reason }
  }
  if (arm === undefined) {
    if (provenFit.has(id)) return undefined
    const reason = `${quote(id)} is not described in fleet.yaml and has not served this job before, so it is not known to carry its tags.`
    return { arm: id, code: 'unmanaged', reason }
  }
  return refusalOfEveryRunner(arm, job)
}

/** An arm is refused when each of its runners is; GitLab itself picks among those of a pool that fit. */
function refusalOfEveryRunner(arm: Arm, job: JobRequirements): Refusal | undefined {
  let first: Refusal | undefined
  for (const runner of arm.runners) {
    const refusal = firstRefusal(arm.id, runner, job)
    if (refusal === undefined) return undefined
    first ??= refusal
  }
  return first
}

function firstRefusal(
  arm: string,
  runner: Arm['runners'][number],
  job: JobRequirements,
): Refusal | undefined {
  for (const { code, refuses } of gitlabRule) {
    const reason = refuses(runner, job)
    if (reason !== undefined) return { arm, code, reason }
  }
  return undefined
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

/** The refused arms by the code of their refusal. */
export function armsByCode(refused: readonly Refusal[]): Record<string, string[]> {
  const arms: Record<string, string[]> = {}
  for (const { arm, code } of refused) {
    arms[code] ??= []
    arms[code].push(arm)
  }
  return arms
}

/** Every arm that is known: the fleet's, and the unmanaged ones that have been observed. */
export function knownArms(state: BanditState, fleet: Fleet): Set<string> {
  return new Set([...fleet.arms.keys(), ...state.arms.keys()])
}
