/** `variables:`, and `$NAME` in what a job asks for. */
import { type CiHash, isHash, textOf } from './value.ts'

/** What is in force for a job, of whatever origin; those of `isRaw` are taken as they stand. */
export type Variables = ReadonlyMap<string, { value: string; isRaw: boolean }>

/** `missing`: variables that are set nowhere in sight, so that the text is not known. */
export type Expanded = { text: string; missing: readonly string[] }

/** GitLab's forms of a variable: `$NAME`, `${NAME}`, `%NAME%`; `$$` is a dollar. */
const FORMS = /\$\$|%%|\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)\}|%([A-Za-z_]\w*)%/g
/** Variables that hold each other double with every step. */
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

export function expanded(text: string, variables: Variables): Expanded {
  const missing = new Set<string>()
  const known = new Map<string, string>()
  return { text: filled(text, []), missing: [...missing] }

  function filled(raw: string, within: readonly string[]): string {
    const full = raw.replace(FORMS, (form, plain?: string, braced?: string, percent?: string) => {
      const name = plain ?? braced ?? percent
      return name === undefined ? form.slice(1) : replacementOf(name, form, within)
    })
    if (full.length <= MAX_CHARACTERS) return full
    missing.add(within[0] ?? 'what it holds')
    return full.slice(0, MAX_CHARACTERS)
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
