/** `variables:`, and `$NAME` in what a job asks for. */
import { type Reading, stepsOf } from './reading.ts'
import { type CiHash, isHash, type Place, textOf } from './value.ts'

/** What is in force for a job, of whatever origin; those of `isRaw` are taken as they stand. */
export type Variables = ReadonlyMap<string, { value: string; isRaw: boolean }>

/** `missing`: variables that are set nowhere in sight, so that the text is not known. */
export type Expanded = { text: string; missing: readonly string[] }

/** GitLab's forms of a variable: `$NAME`, `${NAME}`, `%NAME%`; `$$` is a dollar. */
const FORMS = /\$\$|%%|\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)\}|%([A-Za-z_]\w*)%/g
/** Of an expanded text: variables that hold each other double with every step. */
const MAX_CHARACTERS = 10_000
const MAX_LEVELS = 100

export function variablesOf(hash: CiHash): Variables {
  const variables = new Map<string, { value: string; isRaw: boolean }>()
  for (const [name, { value }] of hash) {
    const text = textOf(isHash(value) ? value.get('value')?.value : value)
    const isRaw = isHash(value) && value.get('expand')?.value === false
    if (text !== undefined) variables.set(name, { value: text, isRaw })
  }
  return variables
}

/** @param at where the text stands; a fault there says when it becomes too long. */
export function expanded(text: string, variables: Variables, at: Place, { fault, work }: Reading): Expanded {
  const missing = new Set<string>()
  const known = new Map<string, string>()
  let isTooLong = false
  const full = filled(text, [])
  if (isTooLong) fault(at, `becomes longer than ${MAX_CHARACTERS} characters when its variables are expanded`)
  return { text: full, missing: [...missing] }

  function filled(raw: string, within: readonly string[]): string {
    work(stepsOf(raw), at)
    let made = ''
    let from = 0
    for (const form of raw.matchAll(FORMS)) {
      work(1 + within.length, at)
      const [whole, plain, braced, percent] = form
      const name = plain ?? braced ?? percent
      made += raw.slice(from, form.index)
      made += name === undefined ? whole.slice(1) : replacementOf(name, whole, within)
      from = form.index + whole.length
      isTooLong ||= made.length > MAX_CHARACTERS
      if (isTooLong) return ''
    }
    made += raw.slice(from)
    isTooLong ||= made.length > MAX_CHARACTERS
    return isTooLong ? '' : made
  }

  function replacementOf(name: string, form: string, within: readonly string[]): string {
    const variable = variables.get(name)
    // Of those that hold each other in a circle GitLab expands none.
    if (variable === undefined || within.includes(name) || within.length > MAX_LEVELS) {
      missing.add(name)
      return form
    }
    const value =
      known.get(name) ?? (variable.isRaw ? variable.value : filled(variable.value, [...within, name]))
    known.set(name, value)
    return value
  }
}
