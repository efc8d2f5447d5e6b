/**
 * What crosses a process border is snake_case with ISO instants; TypeScript is camelCase with epoch
 * milliseconds. This is the one place where they are converted.
 */
import * as z from 'zod'
import { InvalidInputError } from '../errors.ts'
import { faultsAt } from './fault-words.ts'

/** ISO 8601 in UTC on the wire, epoch milliseconds in the domain. */
export const instant = z.codec(z.iso.datetime(), z.number(), {
  decode: (text) => Date.parse(text),
  encode: (ms) => new Date(ms).toISOString(),
})

/** A set of GitLab tags: a comma-joined string on the wire (no tag can contain a comma), a list in the domain. */
export const tagList = z.codec(z.string(), z.array(z.string()).readonly(), {
  decode: (text) => (text === '' ? [] : text.split(',')),
  encode: (tags) => joinTags(tags),
})

/** A set of tags on the wire. */
export const joinTags = (tags: readonly string[]): string => [...tags].sort().join(',')

/** A JSON document kept as a string, so that a column of it is a plain STRING everywhere. */
export const json = <T extends z.ZodType>(schema: T) =>
  z.codec(z.string(), schema, {
    decode: (text) => JSON.parse(text),
    encode: (value) => JSON.stringify(value),
  })

type Snake<K> = K extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${Snake<Tail>}`
    : `_${Lowercase<Head>}${Snake<Tail>}`
  : K
export type SnakeCased<T> = { [K in keyof T as Snake<K>]: T[K] }

const snakeOf = memoized((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
const camelOf = memoized((key) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))

/** Renames the own keys of one object; values are left as they are. */
export function toSnakeCase<T extends object>(value: T): SnakeCased<T> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [snakeOf(key), item])) as SnakeCased<T>
}

export function toCamelCase<T extends object>(value: SnakeCased<T>): T {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [camelOf(key), item])) as T
}

/** Parses or throws InvalidInputError naming what is wrong with `what`, every fault of it. */
export function decodeOrThrow<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new InvalidInputError(`${what}: ${faultsOf(result.error).join('; ')}`)
}

/** One sentence per fault, with the path to it. */
export function faultsOf(error: z.ZodError): string[] {
  return error.issues
    .flatMap(faultsAt)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
}

function memoized(rename: (key: string) => string): (key: string) => string {
  const known = new Map<string, string>()
  return (key) => {
    let renamed = known.get(key)
    if (renamed === undefined) {
      renamed = rename(key)
      known.set(key, renamed)
    }
    return renamed
  }
}
