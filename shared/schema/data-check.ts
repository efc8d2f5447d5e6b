/** `sql/check/<name>.yaml`: what a check of the data claims, and what to do where it does not hold. */
import { parse } from 'yaml'
import * as z from 'zod'

const dataCheckFile = z.strictObject({
  /** What holds when it passes. */
  claim: z.string(),
  /** What `checked` counts. */
  counted: z.string(),
  /** A failed error stops the verdict of an evaluation; a warning is said beside it. */
  severity: z.enum(['error', 'warning']),
  /** What is wrong if it fails. */
  description: z.string(),
  advice: z.string(),
})

/** `sql` answers one row: checked INT64, failed INT64, example STRING; `@now` in it is the time, in ISO 8601. */
export type DataCheck = z.output<typeof dataCheckFile> & { name: string; sql: string }

export function parseDataCheck(name: string, yaml: string, sql: string): DataCheck {
  return { name, ...dataCheckFile.parse(parse(yaml)), sql }
}
