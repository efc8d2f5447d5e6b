/** Modes in fleet.yaml: `mode` and `canary` of a project, and of all that say nothing. */
import * as z from 'zod'
import { DEFAULT_CANARY, MODES, type ModeRule, type Modes } from '../domain/mode.ts'

export const mode = z.enum(MODES, `is one of ${MODES.join(', ')}`)

export const canary = z.strictObject({
  /** Of the pipelines, in (0, 1): in one that is 0 or 1 nothing can be compared. */
  share: z.number().gt(0).lt(1).default(DEFAULT_CANARY.share),
  /** Another seed draws other pipelines. */
  seed: z.string().min(1).default(DEFAULT_CANARY.seed),
})

type Said = { mode?: z.output<typeof mode> | undefined; canary?: z.output<typeof canary> | undefined }

/** Only a project with an id has a mode of its own: it is asked by it, or by a name that leads to it. */
export function modesOf(projects: readonly (Said & { id?: number | undefined })[], byDefault: Said): Modes {
  const ofProjects = projects.flatMap(({ id, mode, canary }): [string, Partial<ModeRule>][] => {
    if (id === undefined || (mode === undefined && canary === undefined)) return []
    return [
      [String(id), { ...(mode === undefined ? {} : { mode }), ...(canary === undefined ? {} : { canary }) }],
    ]
  })
  const { mode = 'shadow', canary = DEFAULT_CANARY } = byDefault
  return { byDefault: { mode, canary }, ofProjects: new Map(ofProjects) }
}
