/** What was refused, in words: from the code that was recorded, since the fleet may have changed. */
import { type RefusalCode, tagsNamed } from './constraint.ts'
import { grouped } from './explanation-figures.ts'
import { type Relaxation, relaxationsOf } from './relaxation.ts'

/** Of one runner, and of several; `job` may tell more. */
type Phrase = readonly [one: string, many: string]

const PHRASES: Readonly<Record<Exclude<RefusalCode, `rule:${string}`>, Phrase>> = {
  tags_unknown: [
    'is not known to have served the job, whose tags are not known',
    'are not known to have served the job, whose tags are not known',
  ],
  unmanaged: ['was not described in fleet.yaml', 'were not described in fleet.yaml'],
  tags_missing: ['lacks a tag that the job asks for', 'lack a tag that the job asks for'],
  untagged_refused: ['takes only jobs with tags', 'take only jobs with tags'],
  ref_not_protected: ['takes jobs of protected refs only', 'take jobs of protected refs only'],
  project_not_served: ['does not serve the project', 'do not serve the project'],
  paused: ['was paused', 'were paused'],
  offline: ['was offline', 'were offline'],
  no_routing_tag: [
    'has no tag of its own that a job could be sent by',
    'have no tags of their own that a job could be sent by',
  ],
}

/** What stood in the way, behind "but for". */
const OBSTACLES: Readonly<Record<string, string>> = {
  tags_missing: 'the tags that it asks for',
  untagged_refused: 'its lack of tags',
  ref_not_protected: 'the protection of refs',
  project_not_served: 'the projects that runners serve',
  paused: 'being paused',
  offline: 'being offline',
}

export const ruleInWords = (code: string): string =>
  OBSTACLES[code] ?? `the rule "${code.replace(/^rule:/, '')}"`

/** Which rule is named of a runner that several refuse: the first of these, and a rule of the site after them. */
const ORDER = Object.keys(PHRASES)

export type Refused = Readonly<Record<string, readonly string[]>>
/** `arms`: all that the rule refuses; one that several refuse stands with each of them. */
export type RefusedByRule = { rule: string; arms: readonly string[]; sentence: string }

export function refusalsOf(refused: Refused, jobTags: readonly string[] | null): RefusedByRule[] {
  return inOrder(refused).map(([rule, arms]) => ({
    rule,
    arms,
    sentence: `${phraseOf(rule, arms.length, jobTags)}.`,
  }))
}

export function refusedCount(refused: Refused): number {
  return new Set(Object.values(refused).flat()).size
}

/** `7 lack the tag "docker-any", 1 was paused`: each by one rule, so that the numbers add up. */
export function refusalsInShort(refused: Refused, jobTags: readonly string[] | null): string {
  const told = new Set<string>()
  const parts: string[] = []
  for (const [rule, arms] of inOrder(refused)) {
    const untold = arms.filter((arm) => !told.has(arm))
    for (const arm of untold) told.add(arm)
    if (untold.length > 0) parts.push(phraseOf(rule, untold.length, jobTags))
  }
  return parts.join(', ')
}

/** What could be lifted so that an arm can take the job after all. @param refused every code by which each was refused. */
export function relaxationsOfRecord(refused: Refused): Relaxation[] {
  const codes = new Map<string, RefusalCode[]>()
  for (const [code, arms] of inOrder(refused)) {
    for (const arm of arms) codes.set(arm, [...(codes.get(arm) ?? []), code as RefusalCode])
  }
  return relaxationsOf([...codes].map(([arm, obstacles]) => ({ arm, obstacles: [obstacles] })))
}

function inOrder(refused: Refused): [string, readonly string[]][] {
  const placeOf = (rule: string) => (ORDER.includes(rule) ? ORDER.indexOf(rule) : ORDER.length)
  return Object.entries(refused).sort(([a], [b]) => placeOf(a) - placeOf(b))
}

function phraseOf(rule: string, count: number, jobTags: readonly string[] | null): string {
  const place = count === 1 ? 0 : 1
  if (rule === 'tags_missing' && jobTags !== null && jobTags.length > 0) {
    const lacks = place === 0 ? 'lacks' : 'lack'
    const tags = tagsNamed(jobTags)
    return `${grouped(count)} ${lacks} ${jobTags.length === 1 ? tags : `one of ${tags}`}`
  }
  if (rule.startsWith('rule:')) {
    const name = rule.slice('rule:'.length)
    return `${grouped(count)} ${place === 0 ? 'does' : 'do'} not fulfil the rule "${name}" of fleet.yaml`
  }
  const phrase = (PHRASES as Readonly<Record<string, Phrase>>)[rule]
  return `${grouped(count)} ${phrase?.[place] ?? `${place === 0 ? 'was' : 'were'} refused (${rule})`}`
}
