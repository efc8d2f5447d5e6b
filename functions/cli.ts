/** The command line: results on stdout, logs and progress on stderr, exit code 0 only on success. */
import { Command, InvalidArgumentError, Option } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { ConfigError, InvalidInputError, TransientError } from '../shared/errors.ts'
import { addAvailability } from './cli/availability.ts'
import { addCheck } from './cli/check.ts'
import { addCost } from './cli/cost.ts'
import { addDeploySql } from './cli/deploy.ts'
import { addDoctor } from './cli/doctor.ts'
import { addEvaluate } from './cli/evaluate.ts'
import { addExplain } from './cli/explain.ts'
import { addFleet } from './cli/fleet.ts'
import { addHistory } from './cli/history.ts'
import { addHook } from './cli/hook.ts'
import { addModes } from './cli/modes.ts'
import { settingsFor, warehouseSchemaFor } from './cli/operate.ts'
import { addQuestions } from './cli/questions.ts'
import { addReplayPolicy } from './cli/replay-policy.ts'
import { addSimulate } from './cli/simulate.ts'
import { addSmoke } from './cli/smoke.ts'
import { addUpkeep } from './cli/upkeep.ts'
import { addValidateEstimators } from './cli/validate-estimators.ts'
import { serveDemo } from './local/demo/demo.ts'
import { DEFAULT_FOLDER } from './local/demo/demo-folder.ts'
import { serve } from './local/serve.ts'

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
  npx runner-bandit serve --demo                   see it at work, with a played GitLab
  npx runner-bandit serve                          listen for webhooks, and say what to paste into GitLab
  npx runner-bandit fleet sync --project group/app describe your runners in fleet.yaml (needs GITLAB_API_TOKEN)
  npx runner-bandit backfill --project group/app   learn from the last month in GitLab (needs GITLAB_API_TOKEN)
  npx runner-bandit replay payloads/               or learn from webhook bodies kept in files
  npx runner-bandit stats                          what has been learned of each arm
  npx runner-bandit sql "SELECT * FROM ci_metrics.decision_outcomes LIMIT 5"

While a server owns the data folder, the other commands go through it. Settings come from the environment; the
README lists them.`,
  )

program
  .command('serve')
  .description('Serve webhooks, recommendations and statistics until stopped (SIGINT, SIGTERM).')
  .option('--demo', 'show it at work with a played GitLab instead of yours, in a folder of its own')
  .addOption(
    new Option('--speed <times>', 'with --demo: how many times as fast as life')
      .default(1440, 'a day a minute')
      .argParser(positive),
  )
  .addOption(new Option('--minutes <n>', 'with --demo: end by itself after so long').argParser(positive))
  .addHelpText(
    'after',
    `
The demo needs no GitLab and no settings: it ignores the environment, listens on a free port of this machine and keeps
what it learns in ./data-demo (or the folder that --data names), which it empties at each start.

  npm start -- --demo`,
  )
  .action(async (options: { demo?: true; speed: number; minutes?: number }, command: Command) => {
    const { demo, speed, minutes } = options
    if (demo === undefined) return serve(settingsFor(command))
    const { data: dataFolder = DEFAULT_FOLDER } = command.optsWithGlobals<{ data?: string }>()
    return serveDemo({ dataFolder, speed, minutes })
  })

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It has to be a number above 0.')
  return value
}

addHistory(program)
addQuestions(program)
addAvailability(program)
addEvaluate(program)
addReplayPolicy(program)
addExplain(program)
addHook(program)
addFleet(program)
addModes(program)
addUpkeep(program)
addCheck(program)
addSimulate(program)
addValidateEstimators(program)
addDoctor(program)
addSmoke(program)
addDeploySql(program, warehouseSchemaFor)
addCost(program)

// Of every machine but Google's own; whether there are credentials, the command says itself.
const { emitWarning } = process
process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (rest[0] !== 'MetadataLookupWarning') Reflect.apply(emitWarning, process, [warning, ...rest])
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
