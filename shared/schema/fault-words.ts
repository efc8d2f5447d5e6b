/**
 * What is wrong with a value, in words that its owner understands. Every schema speaks so that has no message of its own;
 * wire.ts, which tells all faults, has this in force wherever one is told.
 */
import * as z from 'zod'

/** Something wrong at a place in a document. */
export type Fault = { path: (string | number)[]; message: string }

z.config({ customError: inWords })

/** Where it is and what it is; one per key where an object has several that it must not have. */
export function faultsAt(issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path as Fault['path']
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  return issue.keys.map((key) => ({ path: [...path, key], message: `there is no key "${key}"` }))
}

function inWords(issue: z.core.$ZodRawIssue): string {
  const { input } = issue
  if (input === undefined) return 'is missing'
  // What parseBody makes of bytes that are no JSON text.
  if (typeof input === 'symbol') return 'is not JSON'
  switch (issue.code) {
    case 'invalid_type': {
      const isNumberOrSo = ['number', 'boolean'].includes(typeof input)
      const quotes = issue.expected === 'string' && isNumberOrSo ? ', so in quotes' : ''
      return `must be ${typeNamed(issue.expected)}${quotes}`
    }
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'too_big': {
      const most = Number(issue.maximum)
      if (issue.origin === 'string') return `is longer than ${counted(most, 'character', 'characters')}`
      if (isCounted(issue.origin)) return `has more than ${counted(most, 'entry', 'entries')}`
      return `must be a number ${issue.inclusive ? 'of at most' : 'below'} ${issue.maximum}`
    }
    case 'too_small': {
      const least = Number(issue.minimum)
      if (isCounted(issue.origin) || issue.origin === 'string') {
        if (least === 1) return 'is empty'
        if (issue.origin === 'string') return `is shorter than ${counted(least, 'character', 'characters')}`
        return `has fewer than ${counted(least, 'entry', 'entries')}`
      }
      return `must be a number ${issue.inclusive ? 'of at least' : 'above'} ${issue.minimum}`
    }
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'has another form'
    case 'invalid_key':
      return `is no name for a key: ${issue.issues.map(({ message }) => message).join(', ')}`
    case 'invalid_union':
      return choiceOf(issue.errors)
    default:
      return 'is not allowed'
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object, with keys and values',
  record: 'an object, with keys and values',
}

const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'must be an instant as 2026-12-24T22:00:00Z',
  url: 'must be an address as https://gitlab.example.com',
}

const typeNamed = (expected: string) => TYPES[expected] ?? expected

const isCounted = (origin: string) => ['array', 'set', 'map', 'object', 'file'].includes(origin)

const counted = (count: number, one: string, more: string) => `${count} ${count === 1 ? one : more}`

/** Of what each choice says, when all of them say of what type it has to be. */
function choiceOf(errors: readonly (readonly z.core.$ZodIssue[])[]): string {
  const types = new Set(typesOf(errors))
  if (types.size === 0) return 'is none of what may be said here'
  const [last, ...others] = [...types].reverse() as [string, ...string[]]
  const isLong = others.length > 1 || others.some((one) => one.includes(' or '))
  return `must be ${others.length === 0 ? last : `${others.reverse().join(', ')}${isLong ? ',' : ''} or ${last}`}`
}

function typesOf(errors: readonly (readonly z.core.$ZodIssue[])[]): string[] {
  return errors.flatMap(([first]) => {
    if (first === undefined || first.path.length > 0) return []
    if (first.code === 'invalid_union') return typesOf(first.errors)
    return first.code === 'invalid_type' ? [typeNamed(first.expected)] : []
  })
}
