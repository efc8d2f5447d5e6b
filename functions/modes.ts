/** modes: how far each project trusts the recommendations, and letting one that fell back go on; of the command line. */
import type { Mode } from '../shared/domain/mode.ts'
import { InvalidInputError } from '../shared/errors.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { modeInEffect, modeWanted } from '../shared/runtime/mode-in-effect.ts'
import { updateDocument } from '../shared/runtime/update-document.ts'
import { encodeModeDocument, readModeDocument } from '../shared/schema/mode-document.ts'
import { auditRow, encodeRow } from '../shared/schema/rows.ts'

type ModesDeps = Pick<Deps, 'clock' | 'documents' | 'fleet' | 'rng' | 'settings' | 'state' | 'warehouse'>

export type ProjectMode = {
  /** As fleet.yaml calls it, or its id; null: all others. */
  project: string | null
  wanted: Mode
  in_effect: Mode
  canary_share: number | null
  /** Why it is not the mode that is wanted. */
  reason: string | null
  /** Whether it stays so until a person clears it. */
  fallen_back: boolean
}

export async function listModes(deps: ModesDeps): Promise<ProjectMode[]> {
  const { fleet, documents, state } = deps
  const snapshot = await state.read()
  const { fallen_back: fallenBack } = readModeDocument((await documents.read('modes')).value)
  const ids = new Set([...fleet.modes.ofProjects.keys(), ...Object.keys(fallenBack)])
  const projects = [...ids].map((id): ProjectMode => {
    const names = [...fleet.projectIds].filter(([, known]) => String(known) === id).map(([name]) => name)
    const { mode, wanted, canary, reason } = modeInEffect([id, ...names], snapshot, deps)
    const share = wanted === 'canary' ? canary.share : null
    return {
      project: names[0] ?? id,
      wanted,
      in_effect: mode,
      canary_share: share,
      reason: reason ?? null,
      fallen_back: fallenBack[id] !== undefined,
    }
  })
  const { mode, canary } = modeWanted([], deps)
  const others = { wanted: mode, in_effect: mode, canary_share: mode === 'canary' ? canary.share : null }
  return [...projects, { project: null, ...others, reason: null, fallen_back: false }]
}

/**
 * Lets a project that fell back go on in the mode that fleet.yaml says; what was seen before counts no more.
 * @throws InvalidInputError when it has not fallen back.
 */
export async function clearFallBack(
  { project, reason }: { project: string; reason: string },
  deps: ModesDeps,
): Promise<{ project_id: string; fell_back_at: string; reason: string }> {
  const { clock, documents, fleet, rng, warehouse } = deps
  const id = String(fleet.projectIds.get(project) ?? project)
  if (!/^\d+$/.test(id))
    throw new InvalidInputError(
      `${project}: give the project's id, or a name or path that fleet.yaml gives an id`,
    )
  const now = clock.now()
  const fall = readModeDocument((await documents.read('modes')).value).fallen_back[id]
  if (fall === undefined)
    throw new InvalidInputError(
      `The project ${project} has not fallen back. "runner-bandit modes" lists the modes; fleet.yaml says which are wanted.`,
    )
  const row = {
    auditId: rng.id(),
    actedAt: now,
    actor: 'person',
    action: 'mode.clear' as const,
    subject: `project ${id}`,
    reason,
    details: { fell_back_at: new Date(fall.at).toISOString(), fell_back_because: fall.reason },
  }
  await warehouse.insert('audit_log', [encodeRow(auditRow, row)])
  await updateDocument(documents, 'modes', (value) => {
    const document = readModeDocument(value)
    const { [id]: _, ...others } = document.fallen_back
    return encodeModeDocument({ fallen_back: others, cleared_at: { ...document.cleared_at, [id]: now } })
  })
  return { project_id: id, fell_back_at: new Date(fall.at).toISOString(), reason: fall.reason }
}
