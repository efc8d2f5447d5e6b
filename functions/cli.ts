/** The command line: results on stdout, logs and progress on stderr, exit code 0 only on success. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, Option } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { policyNames } from '../shared/domain/policies/index.ts'
import { ConfigError, InvalidInputError, TransientError } from '../shared/errors.ts'
import { loadConfig } from '../shared/runtime/config.ts'
import type { Progress } from '../shared/runtime/handler.ts'
import { createLog } from '../shared/runtime/log.ts'
import type { Settings } from '../shared/schema/settings.ts'
import { openFolder } from './local/folder.ts'
import * as say from './local/say.ts'
import { serve } from './local/serve.ts'
import { callServer, sparingly } from './local/socket.ts'
import { type OperationName, runOperation } from './operations.ts'
import type { RebuildReport } from './rebuild.ts'

type GlobalOptions = { data?: string; json?: boolean }

/** How long a command waits for another one that has the data folder. */
const PATIENCE_MS = 5000

const program = new Command('runner-bandit')
  .description(
    'Learns from GitLab job webhooks which CI runner should take a job, and measures whether it matters.',
  )
  .option('--data <dir>', 'folder for everything that is kept (env RUNNER_BANDIT_DATA, default ./data)')
  .option('--json', 'print the result as JSON')
  .version(packageJson.version)
  .showHelpAfterError('(runner-bandit --help lists the commands)')
  .addHelpText(
    'after',
    `
Start with:
  npx runner-bandit serve                          listen for webhooks, and say what to paste into GitLab
  npx runner-bandit replay payloads/               or learn from webhook bodies kept in files
  npx runner-bandit stats                          what has been learned of each arm
  npx runner-bandit sql "SELECT * FROM ci_metrics.decision_outcomes LIMIT 5"

While a server owns the data folder, the other commands go through it. Settings come from the environment; the
README lists them.`,
  )

program
  .command('serve')
  .description('Serve webhooks, recommendations and statistics until stopped (SIGINT, SIGTERM).')
  .action(async (_options, command: Command) => serve(settingsFor(command)))

program
  .command('replay')
  .description('Learn from webhook bodies in files: each decision is made from what was known at its time.')
  .argument('<path...>', 'files or folders of .json (one body each), .ndjson or .jsonl (one a line)')
  .addHelpText(
    'after',
    `
A body is what GitLab sends, or {"headers": …, "body": …}. What is in the log already is a duplicate, so a replay
can be repeated.`,
  )
  .action(async (paths: string[], _options, command: Command) => {
    await operate('replay', { paths: paths.map((path) => resolve(path)) }, command, say.replayed)
  })

program
  .command('recommend')
  .description('Say which runner should take a job.')
  .requiredOption('--project <id>', "GitLab's project id, or a name or path that fleet.yaml gives an id")
  .requiredOption('--job <name>', 'name of the job')
  .option('--tags <a,b>', 'tags that the job needs; "" for none; left out: not known')
  .addOption(new Option('--policy <name>', 'policy to ask (env BANDIT_ALGORITHM)').choices(policyNames))
  .addOption(new Option('--format <format>', 'dotenv: as a GitLab report').choices(['dotenv']))
  .option('--protected', 'the job runs on a protected ref')
  .option('--all', 'list all feasible arms instead of the best ten')
  .action(async (options: Record<string, string | true>, command: Command) => {
    await operate('recommend', parametersOf(options), command, say.recommended)
  })

program
  .command('stats')
  .description('Show what has been learned of each arm.')
  .action(async (_options, command: Command) => {
    await operate('stats', {}, command, say.statistics)
  })

program
  .command('sql')
  .description('Run one SELECT over the tables and views of ci_metrics.')
  .argument('<query>', 'for example: SELECT * FROM ci_metrics.arm_performance')
  .addHelpText(
    'after',
    `
Tables: job_events, runner_decisions, recommendations, job_outcomes, quarantine.
Views:  job_event_log, decision_outcomes (one row per job), arm_performance (one row per arm).
"DESCRIBE ci_metrics.decision_outcomes" lists the columns; sql/ci_metrics/*.yaml says what they mean.`,
  )
  .action(async (query: string, _options, command: Command) => {
    await operate('sql', { query }, command, say.rows)
  })

program
  .command('rebuild')
  .description('Make the bandit state anew from the log.')
  .option(
    '--check',
    'change nothing; exit 1 and show the first difference when the state is not what the log says',
  )
  .action(async ({ check = false }: { check?: boolean }, command: Command) => {
    const report = (await operate('rebuild', { check }, command, say.rebuilt)) as RebuildReport
    if (check && !report.equal) process.exitCode = 1
  })

/** Runs an operation where the data folder is: in its server, or here. Prints the result. */
async function operate<T>(
  name: OperationName,
  input: unknown,
  command: Command,
  print: (result: T) => string,
): Promise<unknown> {
  const settings = settingsFor(command)
  const progress = say.progressOn(process.stderr)
  const result = await run(settings, name, input, progress)
  progress.end()
  const { json } = command.optsWithGlobals<GlobalOptions>()
  console.log(
    json && typeof result !== 'string'
      ? JSON.stringify(result, null, 2)
      : say.harmless(print(result as T)).trimEnd(),
  )
  return result
}

async function run(
  settings: Settings,
  name: OperationName,
  input: unknown,
  progress: Progress,
): Promise<unknown> {
  const giveUpAt = performance.now() + PATIENCE_MS
  while (true) {
    const answered = await callServer(settings.dataFolder, name, input, progress)
    if (answered !== undefined) return answered.result
    try {
      return await runHere(settings, name, input, progress)
    } catch (error) {
      const isBusy = error instanceof ConfigError && /in use by another/.test(error.message)
      if (!isBusy || performance.now() > giveUpAt) throw error
      await sleep(100)
    }
  }
}

async function runHere(
  settings: Settings,
  name: OperationName,
  input: unknown,
  progress: Progress,
): Promise<unknown> {
  const deps = await openFolder(settings, createLog(say.quieter(settings.logLevel)), {
    mend: name === 'rebuild',
  })
  try {
    return await runOperation(name, input, deps, sparingly(progress))
  } finally {
    await deps.close()
  }
}

function settingsFor(command: Command): Settings {
  const { data } = command.optsWithGlobals<GlobalOptions>()
  return loadConfig(undefined, data === undefined ? {} : { RUNNER_BANDIT_DATA: data })
}

function parametersOf({ protected: isProtected, all, ...texts }: Record<string, string | true>) {
  const { data: _, json: __, ...parameters } = texts
  return { ...parameters, ...(isProtected ? { protected: '1' } : {}), ...(all ? { all: '1' } : {}) }
}

// Started by the launcher, this process goes when the launcher goes, and does not stay for its sake.
process.once('disconnect', () => process.exit(1))
process.channel?.unref()

try {
  await program.parseAsync()
} catch (error) {
  const isExpected = [ConfigError, InvalidInputError, TransientError].some((kind) => error instanceof kind)
  console.error(isExpected ? `runner-bandit: ${(error as Error).message}` : error)
  process.exitCode = 1
}
