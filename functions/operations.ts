/** What the command line can ask for, in this process or, through its socket, of the server that owns the folder. */
import * as z from 'zod'
import packageJson from '../package.json' with { type: 'json' }
import { totalObservations } from '../shared/domain/state.ts'
import { InvalidInputError } from '../shared/errors.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { resetReason } from '../shared/schema/reset.ts'
import { decodeOrThrow } from '../shared/schema/wire.ts'
import { gatherAvailability } from './availability.ts'
import { backfill } from './backfill.ts'
import { checkData } from './check-data.ts'
import { listDeadLetters, redriveDeadLetters } from './dead-letters.ts'
import { evaluate, evaluateInput } from './evaluate.ts'
import { explainFor } from './explain.ts'
import { explainCi, explainCiInput } from './explain-ci.ts'
import { askedTags } from './fleet-lint.ts'
import { installHook } from './hook.ts'
import { inspect, outlineOf } from './inspect.ts'
import { clearFallBack, listModes } from './modes.ts'
import { dropQuarantine, listQuarantine, redriveQuarantine } from './quarantine.ts'
import { rebuild, rebuildIfBehind } from './rebuild.ts'
import { recommendFor } from './recommend.ts'
import { reconcile } from './reconcile.ts'
import { replay } from './replay.ts'
import { replayPolicy, replayPolicyInput } from './replay-policy.ts'
import { resetState } from './reset.ts'
import { reshard } from './reshard.ts'
import { gatherStats } from './stats.ts'

type Operation<T extends z.ZodType> = {
  input: T
  run(input: z.output<T>, deps: Deps, progress: Progress): Promise<unknown>
}

const operation = <T extends z.ZodType>(definition: Operation<T>) => definition

/** Which bodies of quarantine are meant. */
const selection = { code: z.string().optional(), id: z.string().optional() }
/** Rows in a list for a person. */
const listLimit = z.int().min(1).max(10_000)

/** Questions about the present wait this long for what was published before them to be handled. */
const SETTLE_MS = 5000

/** Who asks a server brings a token of their own, and the address that it is for. */
const gitlabInput = { api_token: z.string().optional(), gitlab_url: z.string().optional() }

export const operations = {
  replay: operation({ input: z.object({ paths: z.array(z.string()).min(1) }), run: replay }),
  backfill: operation({
    input: z.object({
      projects: z.array(z.string().min(1)).min(1),
      since: z.string(),
      restart: z.boolean(),
      ...gitlabInput,
    }),
    async run({ api_token: apiToken, gitlab_url: gitlabUrl, ...input }, deps, progress) {
      refuseOtherGitlab(gitlabUrl, deps)
      const report = await backfill({ ...input, apiToken }, deps, progress)
      return { ...report, stats: await gatherStats(deps) }
    },
  }),
  reconcile: operation({
    input: z.object({ projects: z.array(z.string().min(1)), since: z.string(), ...gitlabInput }),
    run({ api_token: apiToken, gitlab_url: gitlabUrl, ...input }, deps, progress) {
      refuseOtherGitlab(gitlabUrl, deps)
      return reconcile({ ...input, apiToken }, deps, progress)
    },
  }),
  'hook-install': operation({
    input: z.object({
      project: z.string().min(1),
      url: z.string().optional(),
      dry_run: z.boolean(),
      ...gitlabInput,
    }),
    run({ api_token: apiToken, gitlab_url: gitlabUrl, dry_run: dryRun, ...input }, deps) {
      refuseOtherGitlab(gitlabUrl, deps)
      return installHook({ ...input, dryRun, apiToken }, deps)
    },
  }),
  'explain-ci': operation({
    input: explainCiInput.extend(gitlabInput),
    run({ api_token: apiToken, gitlab_url: gitlabUrl, ...input }, deps) {
      refuseOtherGitlab(gitlabUrl, deps)
      return explainCi({ ...input, apiToken }, deps)
    },
  }),
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
      // The handler takes what is in memory; here nobody has looked yet.
      await deps.state.read()
      return recommendFor(Object.entries(parameters), deps, { isPerson: true })
    },
  }),
  explain: operation({
    input: z.record(z.string(), z.string()),
    async run(parameters, deps) {
      await settle(deps)
      return explainFor(Object.entries(parameters), deps)
    },
  }),
  stats: operation({
    input: z.object({}),
    async run(_input, deps) {
      await settle(deps)
      return gatherStats(deps)
    },
  }),
  inspect: operation({
    input: z.object({}),
    run: async (_input, deps) => ({
      facts: await inspect(deps),
      outline: outlineOf(deps.settings, deps.fleet.arms.size),
    }),
  }),
  check: operation({
    input: z.object({}),
    async run(_input, deps, progress) {
      await settle(deps)
      return checkData(deps, progress)
    },
  }),
  evaluate: operation({
    input: evaluateInput,
    async run(input, deps, progress) {
      await settle(deps)
      const { checks } = await checkData(deps, progress)
      const told = checks.map(({ description: _, ...check }) => check)
      return evaluate(input, deps, progress, { version: packageJson.version, checks: told })
    },
  }),
  'replay-policy': operation({
    input: replayPolicyInput,
    async run(input, deps, progress) {
      await settle(deps)
      return replayPolicy(input, deps, progress)
    },
  }),
  'asked-tags': operation({
    input: z.object({}),
    async run(_input, deps) {
      await settle(deps)
      return askedTags(deps)
    },
  }),
  availability: operation({ input: z.object({ tags: z.array(z.string().min(1)) }), run: gatherAvailability }),
  modes: operation({ input: z.object({}), run: (_input, deps) => listModes(deps) }),
  'modes-clear': operation({
    input: z.object({ project: z.string().min(1), reason: z.string().min(1).max(1000) }),
    run: clearFallBack,
  }),
  reset: operation({
    input: z.object({ confirmed: z.boolean(), reason: resetReason.optional() }),
    async run({ confirmed, reason = null }, deps) {
      if (confirmed) return resetState({ reason }, deps)
      return { would_forget: totalObservations((await deps.state.read()).state) }
    },
  }),
  reshard: operation({ input: z.object({ shards: z.int().min(1).max(64) }), run: reshard }),
  'dead-letters': operation({
    input: z.object({ subscription: z.string().optional(), limit: listLimit }),
    run: listDeadLetters,
  }),
  'dead-letters-redrive': operation({
    input: z.object({ subscription: z.string().optional() }),
    async run(input, deps, progress) {
      const report = await redriveDeadLetters(input, deps, progress)
      // Whoever was too old for the state to tell is in the log; in the cloud check-state says so.
      const rebuilt = deps.settings.cloud === undefined && (await rebuildIfBehind(deps))
      return { ...report, dead_letters: deps.bus.deadLetterCount(), rebuilt }
    },
  }),
  quarantine: operation({
    input: z.object({ limit: listLimit }),
    async run(input, deps) {
      await settle(deps)
      return listQuarantine(input, deps)
    },
  }),
  'quarantine-redrive': operation({ input: z.object(selection), run: redriveQuarantine }),
  'quarantine-drop': operation({
    input: z.object({ ...selection, all: z.boolean() }),
    async run(input, deps) {
      await settle(deps)
      return dropQuarantine(input, deps)
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
  return run(decodeOrThrow(schema, input, name), deps, progress)
}

async function settle({ deliveries }: Deps): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SETTLE_MS)
  })
  await Promise.race([deliveries.drained(), patience])
  clearTimeout(timer)
}

function refuseOtherGitlab(gitlabUrl: string | undefined, { settings }: Deps): void {
  if (gitlabUrl === undefined || gitlabUrl === settings.gitlabUrl) return
  throw new InvalidInputError(
    `The running server is of ${settings.gitlabUrl}, and GITLAB_URL here is ${gitlabUrl}: set one of them to the other.`,
  )
}
