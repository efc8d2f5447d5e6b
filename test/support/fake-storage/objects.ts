/** The buckets of a played Cloud Storage: objects with generations, noncurrent versions, and what is refused. */
import { createHash } from 'node:crypto'
import { crc32c } from './crc32c.ts'

/** What is said with an object, beside its bytes. */
export type Said = {
  contentType?: string
  cacheControl?: string
  metadata?: Record<string, string>
  crc32c?: string
  md5Hash?: string
}

export type StoredObject = {
  bucket: string
  name: string
  generation: string
  metageneration: number
  bytes: Buffer
  contentType: string
  cacheControl: string | undefined
  metadata: Record<string, string>
  timeCreated: number
  updated: number
  /** When it became noncurrent. */
  timeDeleted?: number
}

export type Preconditions = {
  ifGenerationMatch?: string
  ifGenerationNotMatch?: string
  ifMetagenerationMatch?: string
}

/** An answer that is no success, in Google's form. */
export class Refusal extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

export type Objects = ReturnType<typeof openObjects>

export type ObjectsOptions = {
  buckets: readonly string[]
  isVersioned: boolean
  /** Changes of one object come at least this far apart, or are answered with 429. */
  limits: { writeIntervalMs: number }
  draw: () => number
}

export function openObjects({ buckets, isVersioned, limits, draw }: ObjectsOptions) {
  const live = new Map<string, StoredObject>()
  const noncurrent: StoredObject[] = []
  const lastChanges = new Map<string, number>()
  const given = new Set<string>()
  let lastInstant = 0

  const keyOf = (bucket: string, name: string) => `${bucket}/${name}`

  /** Of one moment there is one change, so that versions have an order. */
  function instant(): number {
    lastInstant = Math.max(Date.now(), lastInstant + 1)
    return lastInstant
  }

  /** Cloud Storage promises that generations are unique, and not that they grow. */
  function newGeneration(): string {
    const generation = String(1_700_000_000_000_000 + Math.floor(draw() * 1e14))
    if (given.has(generation)) return newGeneration()
    given.add(generation)
    return generation
  }

  function refuseBucket(bucket: string): void {
    if (!buckets.includes(bucket)) throw new Refusal(404, 'notFound', 'The specified bucket does not exist.')
  }

  function current(bucket: string, name: string): StoredObject | undefined {
    refuseBucket(bucket)
    return live.get(keyOf(bucket, name))
  }

  function check(object: StoredObject | undefined, conditions: Preconditions, isReading: boolean): void {
    const { ifGenerationMatch, ifGenerationNotMatch, ifMetagenerationMatch } = conditions
    const generation = object?.generation ?? '0'
    const failed = () =>
      new Refusal(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.')
    if (ifGenerationMatch !== undefined && ifGenerationMatch !== generation) throw failed()
    if (ifMetagenerationMatch !== undefined && ifMetagenerationMatch !== String(object?.metageneration ?? 0))
      throw failed()
    if (ifGenerationNotMatch !== undefined && ifGenerationNotMatch === generation)
      throw isReading ? new Refusal(304, 'notModified', '') : failed()
  }

  function limit(bucket: string, name: string): void {
    const now = performance.now()
    const last = lastChanges.get(keyOf(bucket, name))
    if (last !== undefined && now - last < limits.writeIntervalMs) {
      throw new Refusal(
        429,
        'rateLimitExceeded',
        `The object ${bucket}/${name} exceeded the rate limit for object mutation operations (create, update, and delete).`,
      )
    }
  }

  const changed = (bucket: string, name: string) => lastChanges.set(keyOf(bucket, name), performance.now())

  function retire(object: StoredObject, at: number): void {
    if (isVersioned) noncurrent.push({ ...object, timeDeleted: at })
  }

  function found(bucket: string, name: string, generation: string | undefined): StoredObject {
    const object = current(bucket, name)
    const wanted =
      generation === undefined || object?.generation === generation
        ? object
        : noncurrent.find(
            (one) => keyOf(one.bucket, one.name) === keyOf(bucket, name) && one.generation === generation,
          )
    if (wanted === undefined) throw new Refusal(404, 'notFound', `No such object: ${bucket}/${name}`)
    return wanted
  }

  function put(
    bucket: string,
    name: string,
    bytes: Buffer,
    said: Said,
    conditions: Preconditions,
  ): StoredObject {
    const before = current(bucket, name)
    limit(bucket, name)
    check(before, conditions, false)
    for (const [what, sum, real] of [
      ['CRC32C', said.crc32c, crc32c(bytes)],
      ['MD5', said.md5Hash, md5(bytes)],
    ]) {
      if (sum !== undefined && sum !== real)
        throw new Refusal(
          400,
          'invalid',
          `Provided ${what} hash "${sum}" doesn't match calculated ${what} hash "${real}".`,
        )
    }
    const at = instant()
    if (before !== undefined) retire(before, at)
    const object: StoredObject = {
      bucket,
      name,
      generation: newGeneration(),
      metageneration: 1,
      bytes,
      contentType: said.contentType ?? 'application/octet-stream',
      cacheControl: said.cacheControl,
      metadata: { ...said.metadata },
      timeCreated: at,
      updated: at,
    }
    live.set(keyOf(bucket, name), object)
    changed(bucket, name)
    return object
  }

  return {
    refuseBucket,
    isVersioned,
    read(
      bucket: string,
      name: string,
      generation: string | undefined,
      conditions: Preconditions,
    ): StoredObject {
      refuseBucket(bucket)
      const object = found(bucket, name, generation)
      check(object, conditions, true)
      return object
    },
    put,
    /** Merges; a value that is null takes the key away. */
    patch(
      bucket: string,
      name: string,
      patch: Omit<Said, 'metadata'> & { metadata?: Record<string, string | null> | null },
      conditions: Preconditions,
    ): StoredObject {
      const before = found(bucket, name, undefined)
      limit(bucket, name)
      check(before, conditions, false)
      const metadata: Record<string, string> = patch.metadata === null ? {} : { ...before.metadata }
      for (const [key, value] of Object.entries(patch.metadata ?? {})) {
        if (value === null) delete metadata[key]
        else metadata[key] = value
      }
      const { contentType = before.contentType, cacheControl = before.cacheControl } = patch
      const object: StoredObject = {
        ...before,
        contentType,
        cacheControl,
        metadata,
        metageneration: before.metageneration + 1,
        updated: instant(),
      }
      live.set(keyOf(bucket, name), object)
      changed(bucket, name)
      return object
    },
    remove(bucket: string, name: string, generation: string | undefined, conditions: Preconditions): void {
      const object = found(bucket, name, generation)
      limit(bucket, name)
      check(object, conditions, false)
      const old = noncurrent.indexOf(object)
      if (old >= 0) noncurrent.splice(old, 1)
      else live.delete(keyOf(bucket, name))
      // Who names a generation means it for good.
      if (old < 0 && generation === undefined) retire(object, instant())
      changed(bucket, name)
    },
    /** By name, the versions of a name by age. */
    list(bucket: string, prefix: string, withVersions: boolean): StoredObject[] {
      refuseBucket(bucket)
      return [...(withVersions ? noncurrent : []), ...live.values()]
        .filter((one) => one.bucket === bucket && one.name.startsWith(prefix))
        .sort((a, b) => (a.name === b.name ? a.timeCreated - b.timeCreated : a.name < b.name ? -1 : 1))
    },
  }
}

export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64')
