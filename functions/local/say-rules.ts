/** The rules that refuse a job, in words for a terminal. */
import type { RefusalCode } from '../../shared/domain/constraint.ts'

const WORDS: Readonly<Record<Exclude<RefusalCode, `rule:${string}`>, string>> = {
  tags_missing: 'the tags',
  tags_unknown: 'its tags being unknown',
  untagged_refused: 'its refusal of jobs without tags',
  ref_not_protected: 'its bound to protected refs',
  project_not_served: 'its bound to other projects',
  paused: 'its being paused',
  offline: 'its being described as offline',
  unmanaged: 'its being missing from fleet.yaml',
  no_routing_tag: 'its want of a tag of its own',
}

/** `the tags, its being paused and the rule "only amd"`: what would have to be lifted, after "without". */
export function rulesNamed(codes: readonly RefusalCode[]): string {
  const words = codes.map((code) =>
    Object.hasOwn(WORDS, code)
      ? WORDS[code as keyof typeof WORDS]
      : `the rule "${code.replace(/^rule:/, '')}"`,
  )
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}
