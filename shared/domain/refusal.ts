/** A refusal: an arm that may not take a job, and all that stands against it. */
import { isSet } from './bits.ts'
import type { RefusalCode } from './constraint.ts'
import type { Runner } from './fleet.ts'
import { firstUnmetOf, type HardDemand, type Judgement, unmetOf } from './judgement.ts'

/** `runner` is null where it is said of the arm as a whole. */
export type RuleRefusal = { runner: string | null; code: RefusalCode; reason: string }

export type Refusal = {
  arm: string
  /** The first of all. */
  code: RefusalCode
  reason: string
  /** Every rule of every runner that refused it; made when asked for, and left out of JSON. */
  readonly rules: readonly RuleRefusal[]
  /** The codes of `rules`, each once, in the order of the rules. */
  readonly codes: readonly RefusalCode[]
  /** For each runner all that keeps the arm from taking the job by it: of a pool also what the others have to meet. */
  readonly obstacles: readonly (readonly RefusalCode[])[]
}

/** Said of an arm whatever its runners are; no rule lays it down, so that none can be lifted. */
export type ArmRefusal = {
  code: 'tags_unknown' | 'unmanaged' | 'no_routing_tag'
  reason: string
}

/** The runners of an arm, from `start` to before `end` in the judgement's row; none of an unmanaged one. */
export type Judged = { judgement: Judgement; start: number; end: number }

/** @param ofArm comes first, unless it is that the arm has no tag of its own: that matters only to one that fits. */
export function refusalOf(arm: string, judged: Judged, ofArm: ArmRefusal | undefined): Refusal {
  if (ofArm !== undefined && ofArm.code !== 'no_routing_tag') return new Late(arm, ofArm, judged, ofArm)
  const { judgement, start, end } = judged
  for (let runner = start; runner < end; runner += 1) {
    const first = firstUnmetOf(judgement.hard, runner)
    if (first !== undefined) return new Late(arm, told(first, judgement, runner), judged, ofArm)
  }
  if (ofArm === undefined) throw new RangeError(`nothing speaks against ${arm}`)
  return new Late(arm, ofArm, judged, ofArm)
}

/** A class, so that what is made late is no property of the thousands of refusals that nobody asks about. */
class Late implements Refusal {
  readonly arm: string
  readonly code: RefusalCode
  readonly reason: string
  readonly #judged: Judged
  readonly #ofArm: ArmRefusal | undefined

  constructor(
    arm: string,
    { code, reason }: Pick<Refusal, 'code' | 'reason'>,
    judged: Judged,
    ofArm: ArmRefusal | undefined,
  ) {
    this.arm = arm
    this.code = code
    this.reason = reason
    this.#judged = judged
    this.#ofArm = ofArm
  }

  get rules(): RuleRefusal[] {
    const { judgement } = this.#judged
    const ofRunners = this.#runners().flatMap((runner) =>
      unmetOf(judgement.hard, runner).map((unmet) => ({
        runner: (judgement.runners[runner] as Runner).name,
        ...told(unmet, judgement, runner),
      })),
    )
    return this.#inOrder<RuleRefusal>(ofRunners, (ofArm) => ({ runner: null, ...ofArm }))
  }

  get codes(): RefusalCode[] {
    const { start, end } = this.#judged
    if (end - start === 1) return this.#codesWhere((bits) => isSet(bits, start))
    const runners = this.#runners()
    return this.#codesWhere((bits) => runners.some((runner) => isSet(bits, runner)))
  }

  get obstacles(): RefusalCode[][] {
    const runners = this.#runners()
    const isOfPool = (bits: Uint32Array, { ofPool }: HardDemand) =>
      ofPool === 'each' && runners.some((runner) => isSet(bits, runner))
    if (runners.length < 2) return [this.codes]
    return runners.map((runner) =>
      this.#codesWhere((bits, asked) => isSet(bits, runner) || isOfPool(bits, asked)),
    )
  }

  #runners(): number[] {
    const { start, end } = this.#judged
    return Array.from({ length: end - start }, (_, index) => start + index)
  }

  #codesWhere(isIn: (bits: Uint32Array, asked: HardDemand) => boolean): RefusalCode[] {
    const { asked, unmet } = this.#judged.judgement.hard
    const codes: RefusalCode[] = []
    for (let index = 0; index < unmet.length; index += 1) {
      const one = asked[index] as HardDemand
      if (isIn(unmet[index] as Uint32Array, one)) codes.push(one.code)
    }
    return this.#inOrder(codes, ({ code }) => code)
  }

  #inOrder<T>(ofRunners: T[], from: (ofArm: ArmRefusal) => T): T[] {
    const ofArm = this.#ofArm
    if (ofArm === undefined) return ofRunners
    return ofArm.code === 'no_routing_tag' ? [...ofRunners, from(ofArm)] : [from(ofArm), ...ofRunners]
  }
}

function told({ code, demand }: HardDemand, { runners, facts }: Judgement, runner: number) {
  return { code, reason: demand.sentence(runners[runner] as Runner, facts[runner]) }
}
