/** One job of the merged configuration → what each of its instances asks of a runner. */
import type { AskingJob } from '../../domain/ci-jobs.ts'
import { needsOf } from '../../domain/needs.ts'
import { type Instance, instancesOf } from './parallel.ts'
import { type Reading, stepsToKeep } from './reading.ts'
import { siteNeedsOf } from './site-needs.ts'
import {
  type CiEntry,
  type CiHash,
  EMPTY,
  entryOf,
  flattened,
  hashAt,
  isHash,
  isList,
  isUnknown,
  type Place,
  textOf,
} from './value.ts'
import { type Expanded, expanded, type Variables, variablesOf } from './variables.ts'

/** What holds for all jobs. */
export type Globals = {
  defaults: CiHash
  variables: CiHash
  /** Of who asks; they go before all others, as those of a pipeline do. */
  given: Variables
}

/** A trigger's own words are for the pipeline that it starts. */
const NOTHING = {
  tags: [],
  tagsFrom: 'nowhere',
  image: null,
  services: [],
  needs: needsOf({}),
  unknown: [],
} as const

const DEFAULT_STAGE = 'test'
const MAX_TAGS = 50
/** GitLab has no bound of its own; each is a container that the job waits for. */
const MAX_SERVICES = 50
const MAX_NAME = 255
/** That a variable is missing takes a sentence. */
const STEPS_TO_TELL = 10

export function jobsOf(
  name: string,
  hash: CiHash,
  at: Place,
  globals: Globals,
  reading: Reading,
): AskingJob[] {
  const stage = textOf(entryOf(hash, 'stage')?.value) ?? DEFAULT_STAGE
  const kind = isTrigger(hash) ? 'trigger' : 'job'
  const reader = readerOf(name, hash, at, globals, reading)
  return instancesOf(name, entryOf(hash, 'parallel'), reading).map((instance) => {
    if (instance.name.length > MAX_NAME)
      reading.fault(at, `has a job whose name is longer than ${MAX_NAME} characters`)
    const own: Variables = new Map([
      ['CI_JOB_NAME', { value: instance.name, isRaw: true }],
      ['CI_JOB_STAGE', { value: stage, isRaw: true }],
    ])
    const asked = kind === 'trigger' ? NOTHING : reader(instance, own)
    return { name: instance.name, stage, at, kind, ...asked }
  })
}

export function isTrigger(hash: CiHash): boolean {
  return entryOf(hash, 'trigger') !== undefined && entryOf(hash, 'script') === undefined
}

function readerOf(name: string, hash: CiHash, at: Place, globals: Globals, reading: Reading) {
  const inherit = hashAt(hash, 'inherit')
  const defaults = inherited(globals.defaults, entryOf(inherit, 'default'))
  const global = variablesOf(inherited(globals.variables, entryOf(inherit, 'variables')))
  reading.work(globals.defaults.size + globals.variables.size, at)
  const ownVariables = variablesOf(hashAt(hash, 'variables'))
  const tags = entryOf(hash, 'tags') ?? entryOf(defaults, 'tags')
  const image = entryOf(hash, 'image') ?? entryOf(defaults, 'image')
  const services = servicesOf(name, entryOf(hash, 'services') ?? entryOf(defaults, 'services'), reading)
  const tagTexts = textsOfTags(name, tags, reading)
  const tagsFrom = tags === undefined ? 'nowhere' : entryOf(hash, 'tags') ? 'job' : 'default'

  return (instance: Instance, predefined: Variables) => {
    const variables: Variables = new Map([
      ...predefined,
      ...global,
      ...ownVariables,
      ...instance.variables,
      ...globals.given,
    ])
    reading.work(variables.size, at)
    const expand = (text: string, place = at) => {
      const found = expanded(text, variables, place, reading)
      reading.work(stepsToKeep(found.text), place)
      return found
    }
    const wanted = tagTexts.texts.map((text) => expand(text, tags?.at))
    const missing = [...new Set(wanted.flatMap((one) => one.missing))]
    for (const variable of missing) reading.work(stepsToKeep(variable) + STEPS_TO_TELL, at)
    const unknown = [
      ...(tagTexts.unknown ?? []),
      ...missing.map((variable) => `its tags hold $${variable}, which is set nowhere in the file`),
      ...(isUnknown(image?.value) ? [`its image: ${image.value.why}`] : []),
      ...(instance.unknown === undefined ? [] : [`how many it is: ${instance.unknown}`]),
    ]
    const isKnown = missing.length === 0 && tagTexts.unknown === undefined
    const plain = wanted.map(({ text }) => text.trim()).filter((text) => text !== '')
    const used = imageOf(image, expand)
    const usedServices = services.map(({ text, place }) => expand(text, place).text)
    return {
      tags: isKnown ? [...new Set(plain)].sort() : null,
      tagsFrom,
      image: used.name ?? null,
      services: usedServices,
      needs: siteNeedsOf(
        {
          image: entryOf(hash, 'image') === undefined ? null : (used.name ?? null),
          services: entryOf(hash, 'services') === undefined ? [] : usedServices,
          platform: used.platform,
        },
        variables,
        expand,
      ),
      unknown,
    } satisfies Omit<AskingJob, 'name' | 'stage' | 'at' | 'kind'>
  }
}

/** `inherit: default: false`, or the list of what is inherited. */
function inherited(hash: CiHash, rule: CiEntry | undefined): CiHash {
  if (rule?.value === false) return EMPTY
  if (!isList(rule?.value)) return hash
  const kept = new Set(rule.value.map(textOf))
  return new Map([...hash].filter(([key]) => kept.has(key)))
}

function textsOfTags(
  name: string,
  entry: CiEntry | undefined,
  { fault, work }: Reading,
): { texts: readonly string[]; unknown?: readonly string[] } {
  if (entry === undefined) return { texts: [] }
  if (isUnknown(entry.value)) return { texts: [], unknown: [`its tags: ${entry.value.why}`] }
  const items = flattened(entry.value)
  work(items.length, entry.at)
  const unknown = items.filter(isUnknown).map(({ why }) => `its tags: ${why}`)
  const texts = items.filter((item) => typeof item === 'string')
  if (!isList(entry.value) || texts.length + unknown.length < items.length)
    fault(entry.at, `tags of "${name}" have to be a list of texts`)
  if (texts.length >= MAX_TAGS) fault(entry.at, `tags of "${name}" have to be fewer than ${MAX_TAGS}`)
  return unknown.length > 0 ? { texts, unknown } : { texts }
}

function imageOf(
  entry: CiEntry | undefined,
  expand: (text: string, place?: Place) => Expanded,
): { name?: string; platform?: string } {
  const value = entry?.value
  const named = isHash(value) ? textOf(value.get('name')?.value) : textOf(value)
  if (named === undefined) return {}
  const platform = isHash(value) ? textOf(hashAt(value, 'docker').get('platform')?.value) : undefined
  const known = platform === undefined ? undefined : expand(platform, entry?.at)
  return {
    name: expand(named, entry?.at).text,
    ...(known !== undefined && known.missing.length === 0 ? { platform: known.text } : {}),
  }
}

function servicesOf(
  name: string,
  entry: CiEntry | undefined,
  { fault, work }: Reading,
): readonly { text: string; place: Place }[] {
  if (entry === undefined) return []
  const items = flattened(entry.value)
  work(items.length, entry.at)
  if (items.length > MAX_SERVICES) {
    fault(entry.at, `"${name}" has more than ${MAX_SERVICES} services`)
    return []
  }
  return items.flatMap((item) => {
    const text = isHash(item) ? textOf(item.get('name')?.value) : textOf(item)
    return text === undefined ? [] : [{ text, place: entry.at }]
  })
}
