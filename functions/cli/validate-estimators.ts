/** validate-estimators: how right the estimators are, on simulated logs whose truth is known; it needs no settings. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { toSnakeCase } from '../../shared/schema/wire.ts'
import { defaultWorld } from '../../shared/simulator/index.ts'
import { validateEstimators } from '../../shared/simulator/validation/index.ts'
import * as say from '../local/say.ts'
import { validated } from '../local/say-validation.ts'
import { compareThroughViews } from '../local/validate-through-views.ts'

type Options = { seeds: number; seed: number; jobs: number; throughViews?: number }

/** With fewer there is no interval to hold the truth, and no spread over logs to say how sure that is. */
const FEWEST_JOBS = 200
const FEWEST_SEEDS = 2

export function addValidateEstimators(program: Command): void {
  const whole = (flag: string, text: string, least: number) =>
    new Option(flag, text).argParser(wholeFrom(least))
  program
    .command('validate-estimators')
    .description(
      'Measure bias, coverage and power of the estimators on simulated logs, of which the truth is known.',
    )
    .addOption(whole('--seeds <n>', 'logs of each logger', FEWEST_SEEDS).default(300))
    .addOption(whole('--seed <n>', 'the first seed', 1).default(1))
    .addOption(whole('--jobs <n>', 'jobs of a log', FEWEST_JOBS).default(4000))
    .addOption(
      whole('--through-views <n>', 'so many logs through events, shadow decisions and views, too', 1),
    )
    .addHelpText(
      'after',
      `
Takes some minutes. docs/validation.md says how it is measured, what it found, and what that means.`,
    )
    .action(async ({ seeds, seed: firstSeed, jobs, throughViews }: Options, command: Command) => {
      const progress = say.progressOn(process.stderr)
      const world = defaultWorld()
      const validation = validateEstimators(world, {
        seeds,
        firstSeed,
        jobs,
        onLog: (done, total) => progress({ doing: 'evaluating logs', done, total }),
      })
      const views =
        throughViews === undefined
          ? null
          : await compareThroughViews(
              world,
              { logs: throughViews, firstSeed, jobs, now: Date.now() },
              progress,
            )
      progress.end()
      const result = { seeds, firstSeed, jobs, ...validation, throughViews: views }
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      console.log(json ? JSON.stringify(asJson(result), null, 2) : validated(result))
    })
}

function asJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value
  return toSnakeCase(Object.fromEntries(Object.entries(value).map(([name, its]) => [name, asJson(its)])))
}

function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`It has to be a whole number from ${least} on.`)
  }
}
