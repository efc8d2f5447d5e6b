/** The document `modes`: by GitLab's id, the projects that were taken back to advisory, and those that a person let go on. */
import * as z from 'zod'
import { decodeOrThrow, instant } from './wire.ts'

const modeDocument = z.object({
  fallen_back: z.record(z.string(), z.object({ at: instant, reason: z.string() })),
  /** What was seen before then does not count any more. */
  cleared_at: z.record(z.string(), instant),
})

export type ModeDocument = z.output<typeof modeDocument>

/** @throws InvalidInputError when it is not such a document. */
export function readModeDocument(value: unknown): ModeDocument {
  return value === undefined
    ? { fallen_back: {}, cleared_at: {} }
    : decodeOrThrow(modeDocument, value, 'modes')
}

export function encodeModeDocument(document: ModeDocument): z.input<typeof modeDocument> {
  return z.encode(modeDocument, document)
}
