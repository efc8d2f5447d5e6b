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

type ProjectEntry = {
  name: string
  id?: number | undefined
  path?: string | undefined
  mode?: z.output<typeof mode> | undefined
  canary?: z.output<typeof canary> | undefined
}

/** A project with an id or a path is known by these alone; a bare name is any project of that name. */
export function modesOf(
  projects: readonly ProjectEntry[],
  byDefault: Pick<ProjectEntry, 'mode' | 'canary'>,
): Modes {
  const ofProjects = projects.flatMap(({ name, id, path, mode, canary }): [string, Partial<ModeRule>][] => {
    if (mode === undefined && canary === undefined) return []
    const said = { ...(mode === undefined ? {} : { mode }), ...(canary === undefined ? {} : { canary }) }
    const exact = [id?.toString(), path].filter((item) => item !== undefined)
    return (exact.length > 0 ? exact : [name]).map((item) => [item, said])
  })
  const { mode = 'shadow', canary = DEFAULT_CANARY } = byDefault
  return { byDefault: { mode, canary }, ofProjects: new Map(ofProjects) }
}
