/** The mode that a project is in, from what is in memory: what its owner wants, unless something forbids to route. */
import { type EffectiveMode, effectiveMode, isRouting, wantedMode } from '../domain/mode.ts'
import type { DocumentSnapshot, StateSnapshot } from '../ports.ts'
import { type ModeDocument, readModeDocument } from '../schema/mode-document.ts'
import type { Deps } from './handler.ts'

type ModeDeps = Pick<Deps, 'fleet' | 'settings' | 'clock' | 'documents'>

const MS_PER_HOUR = 3_600_000

/** What a document says does not change, and every answer asks for it. */
const understood = new WeakMap<DocumentSnapshot, ModeDocument>()

/**
 * @param names every name of the project, GitLab's id among them if it is known.
 * @throws InvalidInputError when the document that keeps the falls back is damaged.
 */
export function modeInEffect(
  names: readonly string[],
  state: StateSnapshot | undefined,
  deps: ModeDeps,
): EffectiveMode {
  const rule = modeWanted(names, deps)
  return effectiveMode(rule, isRouting(rule.mode) ? obstacleTo(names, state, deps) : undefined)
}

/** What fleet.yaml and RUNNER_BANDIT_MODE say. */
export function modeWanted(names: readonly string[], { fleet, settings }: Pick<Deps, 'fleet' | 'settings'>) {
  const { modes } = fleet
  const byDefault = { ...modes.byDefault, mode: settings.mode ?? modes.byDefault.mode }
  return wantedMode({ ...modes, byDefault }, names)
}

function obstacleTo(
  names: readonly string[],
  state: StateSnapshot | undefined,
  { settings, clock, documents }: ModeDeps,
): string | undefined {
  const id = names.find((name) => /^\d+$/.test(name))
  if (id === undefined)
    return 'Nothing is routed for a project whose id is not known: ask with it, or give it one in fleet.yaml.'
  const document = documents.latest('modes')
  if (document === undefined) return 'It is not known yet whether the project has fallen back to advisory.'
  const fallBack = contentOf(document).fallen_back[id]
  if (fallBack !== undefined) return fallBack.reason
  const ageMs = state?.updatedAt == null ? 0 : clock.now() - state.updatedAt
  if (ageMs <= settings.routeMaxStateAgeMs) return undefined
  return `The bandit state is ${Math.round(ageMs / MS_PER_HOUR)} hours old, more than ROUTE_MAX_STATE_AGE_HOURS allows.`
}

function contentOf(document: DocumentSnapshot): ModeDocument {
  let content = understood.get(document)
  if (content === undefined) {
    content = readModeDocument(document.value)
    understood.set(document, content)
  }
  return content
}
