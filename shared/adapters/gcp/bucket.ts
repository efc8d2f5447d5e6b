/**
 * A bucket of Cloud Storage: objects changed by compare-and-set only. Every request is conditional, so repeating it
 * is safe; whether a change was made whose answer got lost is told by the id that it carries.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Storage } from '@google-cloud/storage'
import type { Instant } from '../../domain/event.ts'
import { ConflictError } from '../../errors.ts'
import type { Rng } from '../../ports.ts'
import { requireCredentials } from './google-credentials.ts'
import { isNoObject, mayPass, statusOf, translated } from './storage-errors.ts'

/** The generation of what is not there. */
export const ABSENT = '0'

export type Head = {
  name: string
  generation: string
  createdAt: Instant
  /** When it was replaced or deleted; null of the live version. */
  replacedAt: Instant | null
  metadata: Readonly<Record<string, string>>
}

/** Every call throws TransientError when the bucket does not answer in time, ConfigError when it refuses. */
export type Bucket = {
  name: string
  /** What is known of an object beside its content; `unchanged` when it is still this generation. */
  head(object: string): Promise<Head | undefined>
  head(object: string, unless: string | undefined): Promise<Head | 'unchanged' | undefined>
  /** The content of one generation, noncurrent ones too; undefined when it is gone. */
  content(object: string, generation: string): Promise<Uint8Array | undefined>
  /**
   * Replaces a generation (ABSENT: makes the object).
   * @throws ConflictError when the present one is another.
   */
  put(object: string, bytes: Uint8Array, options: PutOptions): Promise<Head>
  /** Merges into the metadata of a generation, which stays the same; null takes away. @throws ConflictError */
  mark(object: string, metadata: Record<string, string | null>, ifGeneration: string): Promise<void>
  /** Copies one generation, metadata and all, on the server. */
  copy(object: string, generation: string, to: string): Promise<void>
  /** By name; with noncurrent versions when asked for. */
  list(prefix: string, options?: { versions: boolean }): Promise<Head[]>
  /** What is gone already is no error. */
  remove(object: string): Promise<void>
}

export type PutOptions = { ifGeneration: string; metadata: Record<string, string>; tries?: number }

export type BucketOptions = {
  bucket: string
  rng: Rng
  /** Of another server than Google's, which then asks for no credentials. */
  apiEndpoint?: string | undefined
  /** How often a request is tried, over how long, and the longest wait before the second try. */
  tries?: number
  tryForMs?: number
  firstDelayMs?: number
}

const REQUEST_TIMEOUT_MS = 10_000
const LONGEST_DELAY_MS = 2000

export function openBucket({
  bucket,
  rng,
  apiEndpoint,
  tries = 6,
  tryForMs = 20_000,
  firstDelayMs = 250,
}: BucketOptions): Bucket {
  const files = async () => (await connected(apiEndpoint)).bucket(bucket)

  /** Tries again what may pass, after a wait that doubles and is drawn from its upper half. */
  async function attempt<T>(what: string, work: () => Promise<T>, maxTries = tries): Promise<T> {
    const giveUpAt = performance.now() + tryForMs
    for (let tried = 1; ; tried += 1) {
      try {
        return await work()
      } catch (error) {
        const delayMs = Math.min(firstDelayMs * 2 ** (tried - 1), LONGEST_DELAY_MS) * (0.5 + rng.next() / 2)
        if (
          !mayPass(error) ||
          error instanceof ConflictError ||
          tried >= maxTries ||
          performance.now() + delayMs > giveUpAt
        )
          throw translated(error, bucket, what)
        await sleep(delayMs)
      }
    }
  }

  async function head(object: string, unless?: string): Promise<Head | 'unchanged' | undefined> {
    return attempt(`reading ${object}`, async () => {
      try {
        const options = unless === undefined ? {} : { ifGenerationNotMatch: unless }
        const [resource] = await (await files()).file(object).getMetadata(options)
        return headOf(resource as Resource)
      } catch (error) {
        if (statusOf(error) === 304) return 'unchanged'
        if (isNoObject(error)) return undefined
        throw error
      }
    })
  }

  return {
    name: bucket,
    head: head as Bucket['head'],
    content: (object, generation) =>
      attempt(`reading ${object}`, async () => {
        try {
          const [bytes] = await (await files())
            .file(object, { generation })
            .download({ validation: 'crc32c' })
          return new Uint8Array(bytes)
        } catch (error) {
          if (isNoObject(error)) return undefined
          throw error
        }
      }),
    async put(object, bytes, { ifGeneration, metadata, tries: maxTries }) {
      const commit = rng.id()
      const sum = new (await import('@google-cloud/storage')).CRC32C()
      sum.update(bytes as Buffer)
      const crc32c = sum.toString()
      return attempt(
        `writing ${object}`,
        async () => {
          const file = (await files()).file(object)
          try {
            await file.save(bytes as Buffer, {
              resumable: false,
              // The client would validate by deleting whatever is there by then; the server refuses what differs.
              validation: false,
              metadata: {
                crc32c,
                contentType: 'application/json',
                cacheControl: 'no-store',
                metadata: { ...metadata, commit },
              },
              preconditionOpts: { ifGenerationMatch: ifGeneration },
            })
          } catch (error) {
            if (statusOf(error) !== 412) throw error
            const present = (await head(object)) as Head | undefined
            if (present?.metadata.commit === commit) return present
            const generation = present?.generation ?? ABSENT
            throw new ConflictError(`${object} is at generation ${generation}, not ${ifGeneration}`, {
              cause: error,
            })
          }
          return headOf(file.metadata as Resource)
        },
        maxTries,
      )
    },
    mark: (object, metadata, ifGeneration) =>
      attempt(`marking ${object}`, async () => {
        try {
          const file = (await files()).file(object)
          await file.setMetadata({ metadata }, { ifGenerationMatch: ifGeneration })
        } catch (error) {
          if (statusOf(error) !== 412 && !isNoObject(error)) throw error
          throw new ConflictError(`${object} is at another generation than ${ifGeneration}`, { cause: error })
        }
      }),
    copy: (object, generation, to) =>
      attempt(`copying ${object}`, async () => {
        const from = await files()
        await from.file(object, { generation }).copy(from.file(to))
      }),
    list: (prefix, { versions } = { versions: false }) =>
      attempt(`listing ${prefix}`, async () => {
        const [found] = await (await files()).getFiles(versions ? { prefix, versions } : { prefix })
        return found.map(({ metadata }) => headOf(metadata as Resource))
      }),
    remove: (object) =>
      attempt(`deleting ${object}`, async () => {
        await (await files()).file(object).delete({ ignoreNotFound: true })
      }),
  }
}

/** One of each endpoint: its connections and its access token serve every object. */
const clients = new Map<string | undefined, Promise<Storage>>()

function connected(apiEndpoint: string | undefined): Promise<Storage> {
  const known = clients.get(apiEndpoint)
  if (known !== undefined) return known
  const client = connect(apiEndpoint)
  clients.set(apiEndpoint, client)
  // Who logs in meanwhile is let in.
  client.catch(() => clients.delete(apiEndpoint))
  return client
}

async function connect(apiEndpoint: string | undefined): Promise<Storage> {
  const { Storage } = await import('@google-cloud/storage')
  const storage = new Storage({
    timeout: REQUEST_TIMEOUT_MS,
    // Trying again is ours: of a second try that meets the first one's effect, the client knows only a conflict.
    retryOptions: { autoRetry: false, maxRetries: 0 },
    ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
  })
  if (apiEndpoint === undefined) await requireCredentials(storage.authClient)
  return storage
}

type Resource = {
  name: string
  generation: string | number
  timeCreated: string
  timeDeleted?: string
  metadata?: Record<string, string>
}

function headOf({ name, generation, timeCreated, timeDeleted, metadata = {} }: Resource): Head {
  const replacedAt = timeDeleted === undefined ? null : Date.parse(timeDeleted)
  return { name, generation: String(generation), createdAt: Date.parse(timeCreated), replacedAt, metadata }
}
