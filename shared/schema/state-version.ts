/** The forms that `bandit_state.json` has had, told by its `schema_version`. */
import { InvalidInputError } from '../errors.ts'
import { parseBody } from './intake.ts'
import { STATE_SCHEMA_VERSION } from './state.ts'

type StateFile = Record<string, unknown>
/** From a version to the step that makes a file of the next one of it. */
export type StateSteps = ReadonlyMap<number, (file: StateFile) => StateFile>

/** A version that changes the form adds the step from the one before; without it an older file needs a rebuild. */
const STEPS: StateSteps = new Map()

/** The version is the first thing in a canonical file, which may be large. */
const PEEKED_BYTES = 100

/** Undefined when the bytes do not say. */
export function stateVersionOf(bytes: Uint8Array): number | undefined {
  const start = new TextDecoder().decode(bytes.subarray(0, PEEKED_BYTES))
  const peeked = /^\{"schema_version":(\d+)[,}]/.exec(start)?.[1]
  const version = peeked === undefined ? fileOf(bytes)?.schema_version : Number(peeked)
  return Number.isSafeInteger(version) ? (version as number) : undefined
}

/**
 * The bytes in the present form; those that are in it already, or in none, as they are.
 * @throws InvalidInputError when no step leads away from their version.
 */
export function toPresentForm(bytes: Uint8Array, steps = STEPS, present = STATE_SCHEMA_VERSION): Uint8Array {
  const version = stateVersionOf(bytes)
  if (version === undefined || version >= present) return bytes
  let file = fileOf(bytes) as StateFile
  for (let from = version; from < present; from += 1) {
    const step = steps.get(from)
    if (step === undefined) {
      throw new InvalidInputError(`its schema_version is ${version}, and no step leads from ${from} on`)
    }
    file = { ...step(file), schema_version: from + 1 }
  }
  return new TextEncoder().encode(JSON.stringify(file))
}

function fileOf(bytes: Uint8Array): StateFile | undefined {
  const file = parseBody(bytes)
  return typeof file === 'object' && file !== null ? (file as StateFile) : undefined
}
