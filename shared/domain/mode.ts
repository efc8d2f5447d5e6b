/** Modes: how far a project trusts the recommendations; a ladder, one step at a time. */
import { seededDraws } from './rng.ts'

export const MODES = ['off', 'shadow', 'advisory', 'canary', 'autonomous'] as const
export type Mode = (typeof MODES)[number]

/** Who decides for a pipeline in canary: the policy, or, for the control, the uniform policy over the same arms. */
export const CANARY_GROUPS = ['policy', 'uniform'] as const
export type CanaryGroup = (typeof CANARY_GROUPS)[number]

/** The share of pipelines of which the policy decides, in [0, 1]; which they are, the seed says. */
export type Canary = { share: number; seed: string }

export type ModeRule = { mode: Mode; canary: Canary }

/** What the fleet's owner wants: of all, and what differs of a project, by its id. */
export type Modes = { byDefault: ModeRule; ofProjects: ReadonlyMap<string, Partial<ModeRule>> }

export const DEFAULT_CANARY: Canary = { share: 0.1, seed: 'canary' }
export const SHADOW: Modes = {
  byDefault: { mode: 'shadow', canary: DEFAULT_CANARY },
  ofProjects: new Map(),
}

/** What a project's mode is in effect, and why it is not the one that is wanted. */
export type EffectiveMode = ModeRule & { wanted: Mode; reason?: string }

/** Whether jobs carry the tag that is recommended. */
export function isRouting(mode: Mode): boolean {
  return mode === 'canary' || mode === 'autonomous'
}

/** @param names every name of the project, the most exact first. */
export function wantedMode(modes: Modes, names: readonly string[]): ModeRule {
  for (const name of names) {
    const rule = modes.ofProjects.get(name)
    if (rule !== undefined) return { ...modes.byDefault, ...rule }
  }
  return modes.byDefault
}

/** What is in the way of routing; a mode that does not route stays what it is. */
export function effectiveMode(rule: ModeRule, obstacle: string | undefined): EffectiveMode {
  const { mode: wanted } = rule
  if (!isRouting(wanted) || obstacle === undefined) return { ...rule, wanted }
  return { ...rule, wanted, mode: 'advisory', reason: obstacle }
}

/** The same for every job of a pipeline, whenever it is asked. */
export function canaryGroupOf({ share, seed }: Canary, project: string, pipeline: string): CanaryGroup {
  return seededDraws(`${seed}/${project}/${pipeline}`)() < share ? 'policy' : 'uniform'
}
