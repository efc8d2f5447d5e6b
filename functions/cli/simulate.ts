/** simulate: policies in control of a simulated fleet, or a simulated log to evaluate; it asks nobody and needs no settings. */
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { InvalidInputError } from '../../shared/errors.ts'
import { toSnakeCase } from '../../shared/schema/wire.ts'
import {
  compareInControl,
  defaultWorld,
  type Interval,
  type LoggerSummary,
  loggerNames,
  scenarioOf,
  simulate,
  type WorldOptions,
} from '../../shared/simulator/index.ts'
import * as say from '../local/say.ts'
import * as saySimulation from '../local/say-simulation.ts'
import { writeSimulation } from '../local/write-simulation.ts'

type Options = {
  policies: string[]
  seeds: number
  seed: number
  jobs: number
  jobsPerDay?: number
  runners?: number
  projects?: number
  outages: boolean
  drift: boolean
  logger?: string
  write?: string
}

const AGAINST = 'sticky'
const WRITTEN_BY = 'sticky'

export function addSimulate(program: Command): void {
  const whole = (flag: string, text: string) => new Option(flag, text).argParser(wholePositive)
  program
    .command('simulate')
    .description(
      'Let policies route a simulated fleet and compare them; or write a simulated log to evaluate.',
    )
    .addOption(
      new Option('--policies <a,b>', `of ${loggerNames.join(', ')}`)
        .default([...loggerNames], 'all of them')
        .argParser(names),
    )
    .addOption(whole('--seeds <n>', 'how often, each time with other jobs').default(40))
    .addOption(whole('--seed <n>', 'the first seed').default(1))
    .addOption(whole('--jobs <n>', 'jobs of a seed').default(4000))
    .addOption(whole('--jobs-per-day <n>', 'the load'))
    .addOption(whole('--runners <n>', 'runners of the fleet (11)'))
    .addOption(whole('--projects <n>', 'projects, of nine job keys each (6)'))
    .option('--no-outages', 'runners are always there')
    .option('--no-drift', 'runners stay as fast as they are')
    .addOption(new Option('--write <folder>', 'one seed as events, into a new data folder'))
    .addOption(new Option('--logger <name>', 'with --write: who routes (sticky)').choices(loggerNames))
    .addHelpText(
      'after',
      `
sticky routes as GitLab does: the runners ask, who had the pipeline's last job is likely to have the next, and nobody
has more jobs than slots. best knows the expected reward of every arm. The others are the product's policies; each sends
a job to a feasible arm, where it waits if that is full, and learns from jobs as they end.`,
    )
    .action(async (options: Options, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      if (options.write !== undefined) return write(options, options.write, json ?? false)
      if (options.logger !== undefined) throw new InvalidInputError('--logger needs --write.')
      compare(options, json ?? false)
    })
}

function compare(options: Options, json: boolean): void {
  const world = defaultWorld(worldOf(options))
  const { policies, seeds, seed: firstSeed, jobs } = options
  const progress = say.progressOn(process.stderr)
  const loggers = compareInControl(world, {
    loggers: policies,
    against: AGAINST,
    seeds,
    firstSeed,
    jobs,
    onRun: (done, total) => progress({ doing: 'simulating', done, total }),
  })
  progress.end()
  const result = { seeds, firstSeed, jobs, against: AGAINST, world, loggers }
  if (!json) return console.log(saySimulation.compared(result))
  const told = { ...result, runners: world.arms.length, loggers: loggers.map(asJson) }
  const { world: _, ...kept } = told
  console.log(JSON.stringify(toSnakeCase(kept), null, 2))
}

function asJson({ logger, figures, difference }: LoggerSummary): object {
  const named = (each: Record<string, Interval>) => toSnakeCase(each)
  return { logger, figures: named(figures), difference: difference === null ? null : named(difference) }
}

async function write(options: Options, folder: string, json: boolean): Promise<void> {
  const scenario = scenarioOf(defaultWorld(worldOf(options)), options.seed, options.jobs)
  const run = simulate(scenario, options.logger ?? WRITTEN_BY)
  const progress = say.progressOn(process.stderr)
  const written = await writeSimulation(resolve(folder), { scenario, run, now: Date.now() }, progress)
  progress.end()
  console.log(json ? JSON.stringify(toSnakeCase(written), null, 2) : saySimulation.written(folder, written))
}

function worldOf({ jobsPerDay, runners, projects, outages, drift }: Options): WorldOptions {
  return {
    outages,
    drift,
    ...(jobsPerDay === undefined ? {} : { jobsPerDay }),
    ...(runners === undefined ? {} : { runners }),
    ...(projects === undefined ? {} : { projects }),
  }
}

function names(text: string): string[] {
  const given = text.split(',').map((name) => name.trim())
  const unknown = given.filter((name) => !loggerNames.includes(name))
  if (unknown.length === 0) return given
  throw new InvalidArgumentError(`${unknown.join(', ')}: there are ${loggerNames.join(', ')}.`)
}

function wholePositive(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError('It has to be a whole number above 0.')
}
