/** What stands in a state's object: the canonical bytes, and beside them what belongs to no state. */
import type { Instant } from '../../domain/event.ts'
import type { BanditState } from '../../domain/state.ts'
import { ConfigError, InvalidInputError } from '../../errors.ts'
import { decodeState, STATE_SCHEMA_VERSION } from '../../schema/state.ts'
import { stateVersionOf, toPresentForm } from '../../schema/state-version.ts'
import type { Bucket, Head } from './bucket.ts'

/** What an object's metadata says. */
export type Marks = {
  /** The start of the epoch; undefined when nobody said, as of an object put there by hand. */
  resetAt: Instant | undefined
  /** Nobody but the holder writes before. */
  heldUntil: Instant | null
  holder: string | undefined
  /** By which change of the number of shards it was closed for good. */
  sealedBy: string | undefined
}

export function marksOf({ metadata }: Pick<Head, 'metadata'>): Marks {
  const heldUntil = instantOf(metadata.held_until)
  return {
    resetAt: instantOf(metadata.reset_at),
    heldUntil: heldUntil ?? null,
    holder: heldUntil === undefined ? undefined : metadata.holder,
    sealedBy: metadata.sealed_by,
  }
}

export function metadataOf({
  resetAt,
  heldUntil = null,
  holder,
  sealedBy,
}: { resetAt: Instant } & Partial<Marks>): Record<string, string> {
  return {
    reset_at: new Date(resetAt).toISOString(),
    ...(heldUntil === null || holder === undefined
      ? {}
      : { held_until: new Date(heldUntil).toISOString(), holder }),
    ...(sealedBy === undefined ? {} : { sealed_by: sealedBy }),
  }
}

function instantOf(text: string | undefined): Instant | undefined {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** @throws ConfigError for what a newer version made: it is neither read nor written over. */
export function refuseNewer(object: string, bytes: Uint8Array): void {
  const version = stateVersionOf(bytes)
  if (version === undefined || version <= STATE_SCHEMA_VERSION) return
  throw new ConfigError(
    `${object} was made by a newer runner-bandit: its form is ${version}, this version knows ${STATE_SCHEMA_VERSION}. Deploy a newer version, or put back a copy that was made before.`,
  )
}

/** Undefined when it cannot be understood. @throws ConfigError as `refuseNewer`. */
export function legible(object: string, bytes: Uint8Array): BanditState | undefined {
  refuseNewer(object, bytes)
  try {
    return decodeState(toPresentForm(bytes))
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    return undefined
  }
}

/** Contents before the present one that are looked at. */
const VERSIONS_READ = 5

/** Noncurrent versions, the newest first. */
export async function versionsBefore(bucket: Bucket, object: string): Promise<Head[]> {
  const versions = await bucket.list(object, { versions: true })
  return versions
    .filter(({ name, replacedAt }) => name === object && replacedAt !== null)
    .sort((a, b) => (b.replacedAt as Instant) - (a.replacedAt as Instant) || b.createdAt - a.createdAt)
}

/** The newest content before a garbled one that can be understood and is of its epoch. */
export async function previousContent(
  bucket: Bucket,
  object: string,
  resetAt: Instant | undefined,
): Promise<{ state: BanditState; resetAt: Instant; generation: string } | undefined> {
  for (const head of (await versionsBefore(bucket, object)).slice(0, VERSIONS_READ)) {
    const itsEpoch = marksOf(head).resetAt ?? 0
    if (resetAt !== undefined && itsEpoch < resetAt) return undefined
    const bytes = await bucket.content(object, head.generation)
    const state = bytes === undefined ? undefined : legible(object, bytes)
    if (state !== undefined) return { state, resetAt: itsEpoch, generation: head.generation }
  }
  return undefined
}
