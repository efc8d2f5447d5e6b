/** What the command line can ask for, in this process or, through its socket, of the server that owns the folder. */
import * as z from 'zod'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { rebuild } from './rebuild.ts'
import { recommendFor } from './recommend.ts'
import { replay } from './replay.ts'
import { gatherStats } from './stats.ts'

type Operation<T extends z.ZodType> = {
  input: T
  run(input: z.output<T>, deps: Deps, progress: Progress): Promise<unknown>
}

const operation = <T extends z.ZodType>(definition: Operation<T>) => definition

/** Questions about the present wait this long for what was published before them to be handled. */
const SETTLE_MS = 5000

export const operations = {
  replay: operation({ input: z.object({ paths: z.array(z.string()).min(1) }), run: replay }),
  rebuild: operation({ input: z.object({ check: z.boolean() }), run: rebuild }),
  sql: operation({
    input: z.object({ query: z.string() }),
    async run({ query }, deps) {
      await settle(deps)
      return deps.warehouse.select(query)
    },
  }),
  recommend: operation({
    input: z.record(z.string(), z.string()),
    async run(parameters, deps) {
      await settle(deps)
      return recommendFor(Object.entries(parameters), deps)
    },
  }),
  stats: operation({
    input: z.object({}),
    async run(_input, deps) {
      await settle(deps)
      return gatherStats(deps)
    },
  }),
}

export type OperationName = keyof typeof operations

/** @throws InvalidInputError and what else the operation throws. */
export function runOperation(
  name: OperationName,
  input: unknown,
  deps: Deps,
  progress: Progress,
): Promise<unknown> {
  const { input: schema, run } = operations[name] as Operation<z.ZodType>
  return run(schema.parse(input), deps, progress)
}

async function settle({ deliveries }: Deps): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SETTLE_MS)
  })
  await Promise.race([deliveries.drained(), patience])
  clearTimeout(timer)
}
