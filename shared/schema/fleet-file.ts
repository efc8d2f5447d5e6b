/** The shape of `fleet.yaml`. */
import * as z from 'zod'
import { isRoutingTag } from './dotenv.ts'
import type { Fault } from './fault-words.ts'
import { availability } from './fleet-availability.ts'
import { canary, mode } from './fleet-modes.ts'
import { hardware, machine } from './fleet-place.ts'
import { rules } from './fleet-rules.ts'

const name = z.string().min(1).max(255)
const tag = z
  .string()
  // GitLab takes a space within one; it cuts those around it.
  .regex(/^[^,\s](?:[^,\p{Cc}]*[^,\s])?$/u, 'a tag has no commas, and no spaces around it')
  .max(255)
/** /recommend hands it on in a dotenv file, where it has to arrive letter by letter. */
const routingTag = tag.refine(
  isRoutingTag,
  'a tag that jobs are sent to has only A-Z, a-z, 0-9 and . : / @ + - _',
)
const MAX_TAGS_PER_RUNNER = 50

const runner = z.strictObject({
  /** Exactly as GitLab's runner description. */
  name,
  id: z.int().positive().optional(),
  machine: name,
  executor: name,
  tags: z.array(tag).max(MAX_TAGS_PER_RUNNER).default([]),
  /** The tag that only this runner (or its pool) carries; found by itself when left out. */
  own_tag: routingTag.optional(),
  run_untagged: z.boolean().optional(),
  ref_protected: z.boolean().default(false),
  paused: z.boolean().default(false),
  online: z.boolean().default(true),
  /** Names from `projects`; left out: every project. */
  projects: z.array(name).optional(),
  cost_per_hour_eur: z.number().min(0).optional(),
  /** Jobs that it runs at once. */
  slots: z.int().positive().optional(),
  /** Instead of its machine's. */
  ...hardware,
})

export const fleetFile = z.strictObject({
  machines: z.record(name, machine),
  executors: z.array(name).min(1),
  projects: z
    .array(
      z.strictObject({
        name,
        id: z.int().positive().optional(),
        path: name.optional(),
        mode: mode.optional(),
        canary: canary.optional(),
      }),
    )
    .default([]),
  /** What each tag means. When given, a tag that is not in it is a typing error. */
  tags: z.record(tag, z.string()).optional(),
  dead_tags: z.array(tag).default([]),
  /** Of projects that say nothing; `shadow` when it is left out. */
  mode: mode.optional(),
  canary: canary.optional(),
  fallback_tag: routingTag.optional(),
  availability,
  runners: z.array(runner).min(1),
  /** Pools: several runners that are one arm. A runner in no pool is an arm of its own. */
  arms: z
    .record(name, z.strictObject({ runners: z.array(name).min(1), own_tag: routingTag.optional() }))
    .default({}),
  rules,
})
export type FleetFile = z.output<typeof fleetFile>
type ArmEntry = { id: string; path: Fault['path']; ownTag: string | undefined; members: FleetFile['runners'] }

/** The arms of the file: its pools, and each runner that is in none. */
export function armsOf(file: FleetFile): ArmEntry[] {
  const pooled = new Set(Object.values(file.arms).flatMap(({ runners }) => runners))
  return [
    ...Object.entries(file.arms).map(([id, { runners, own_tag }]) => ({
      id,
      path: ['arms', id, 'own_tag'],
      ownTag: own_tag,
      members: file.runners.filter((one) => runners.includes(one.name)),
    })),
    ...file.runners.flatMap((one, index) =>
      pooled.has(one.name)
        ? []
        : [{ id: one.name, path: ['runners', index, 'own_tag'], ownTag: one.own_tag, members: [one] }],
    ),
  ]
}
