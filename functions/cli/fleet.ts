/** Commands about the fleet file: made from GitLab, compared with it, and looked through. */
import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { capabilitiesOf } from '../../shared/domain/capabilities.ts'
import { ConfigError } from '../../shared/errors.ts'
import type { Gitlab } from '../../shared/ports.ts'
import { gitlabBy } from '../../shared/runtime/deps.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { parseFleet } from '../../shared/schema/fleet.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import { diffFleet, type FleetScope, syncFleet } from '../fleet.ts'
import { type AskedTags, lint } from '../fleet-lint.ts'
import { DEFAULT_FILE, readFleetFile, writeFleetFile } from '../local/fleet-file.ts'
import { harmless, quieter } from '../local/say.ts'
import * as say from '../local/say-fleet.ts'
import { runWhereKept, settingsFor } from './operate.ts'

type FileOption = { file?: string }
type ScopeOptions = FileOption & { project: string[]; group?: string; instance?: true }

export function addFleet(program: Command): void {
  const fleet = program
    .command('fleet')
    .description('Care for fleet.yaml, the description of your runners.')
    .addHelpText(
      'after',
      `
The file is --file, else RUNNER_BANDIT_FLEET, else ./fleet.yaml. A first time, in this order:
  npx runner-bandit fleet sync --project group/app --project group/web    build it from GitLab
  npx runner-bandit fleet lint    what will not work, and why
  npx runner-bandit fleet tags    what a job gets by asking for a tag
  npx runner-bandit fleet diff    later, for example in a nightly pipeline: has GitLab changed?

GITLAB_API_TOKEN needs the scopes read_api and manage_runner; the role Maintainer for runners of projects, Owner for those
of a group, administrator for the instance. With read_api alone, only the projects of project runners are not told.`,
    )

  scoped(fleet.command('sync'))
    .description('Build fleet.yaml from GitLab, or bring it up to date.')
    .option('--dry-run', 'say what would be changed, and change nothing')
    .addHelpText(
      'after',
      `
Updated: id, tags, paused, run_untagged, ref_protected, projects, architecture; executors that are "unknown". New runners
are added; where GitLab tells of the machine, runners of one machine share it. Kept: everything that you wrote, comments,
names, order, costs, own_tag and arms included. Nothing is deleted: a runner that GitLab no longer has gets
"online: false". A list of a group has no runners of single projects: name those projects with --project.
A second run changes nothing. The file is replaced at once or not at all, and only by one that is in order.`,
    )
    .action(async (options: ScopeOptions & { dryRun?: true }, command: Command) => {
      const settings = settingsFor(command)
      const file = await readFleetFile(fileOf(options, settings))
      const { text, report } = await syncFleet(file, scopeOf(options), gitlabHere(settings))
      const dryRun = options.dryRun ?? false
      if (!dryRun && text !== file.text) await writeFleetFile(file, text)
      const isUsed = settings.fleetFile !== undefined && resolve(settings.fleetFile) === resolve(file.name)
      print(command, { ...report, dry_run: dryRun }, (result) => say.fleetSynced(result, isUsed))
    })

  scoped(fleet.command('diff'))
    .description('Say in what fleet.yaml differs from GitLab. Changes nothing; exits 1 when it does.')
    .action(async (options: ScopeOptions, command: Command) => {
      const settings = settingsFor(command)
      const file = await presentFile(options, settings)
      const report = await diffFleet(file, scopeOf(options), gitlabHere(settings))
      print(command, report, say.fleetDiffered)
      if (report.drift.length > 0) process.exitCode = 1
    })

  filed(fleet.command('lint'))
    .description('Say what fleet.yaml, or what jobs ask for, will not do well. Exits 1 for an error.')
    .addHelpText(
      'after',
      `
Errors:   dead_tag_asked_for, tag_without_runner, job_without_runner: jobs that will wait until they are dropped
Warnings: project_missing, peer_tag_missing, case_variants, executor_unknown, no_routing_tag,
          watched_tag_without_runner, nothing_to_start
Notes:    dead_tag, tag_of_another_executor

Jobs are known from the data folder (of the last 30 days, where their own tags were told, as by backfill), and, with
GITLAB_API_TOKEN, from GitLab: those that wait and the newest hundred that ended of each project that has an id in the file.`,
    )
    .action(async (options: FileOption, command: Command) => {
      const settings = settingsFor(command)
      const file = await presentFile(options, settings)
      const report = await lint(file.name, parseFleet(file.text, file.name), {
        askedTags: isAnythingKept(settings) ? () => askedTagsOf(settings) : undefined,
        gitlab: settings.gitlabApiToken === undefined ? undefined : gitlabHere(settings),
      })
      print(command, report, say.fleetLinted)
      if (!report.ok) process.exitCode = 1
    })

  filed(fleet.command('tags'))
    .description('Say what a job gets by asking for a tag, from what the runners that carry it have.')
    .action(async (options: FileOption, command: Command) => {
      const file = await presentFile(options, settingsFor(command))
      print(command, capabilitiesOf(parseFleet(file.text, file.name)), say.fleetTags)
    })
}

function filed(command: Command): Command {
  return command.option('--file <file>', `the file (env RUNNER_BANDIT_FLEET, default ./${DEFAULT_FILE})`)
}

function scoped(command: Command): Command {
  const collect = (value: string, before: string[]) => [...before, value]
  return filed(command)
    .addOption(
      new Option('--project <id|path>', 'runners that this project may use; again for each of several')
        .argParser(collect)
        .default([], 'the projects of the file'),
    )
    .addOption(new Option('--group <id|path>', 'runners of this group').conflicts(['project', 'instance']))
    .addOption(new Option('--instance', 'all runners (administrators)').conflicts(['project', 'group']))
}

function scopeOf({ project, group, instance }: ScopeOptions): FleetScope {
  return { projects: project, group, instance: instance ?? false }
}

const fileOf = ({ file }: FileOption, { fleetFile }: Settings) => file ?? fleetFile ?? DEFAULT_FILE

/** @throws ConfigError when there is none. */
async function presentFile(options: FileOption, settings: Settings): Promise<{ name: string; text: string }> {
  const { name, text } = await readFleetFile(fileOf(options, settings))
  if (text !== undefined) return { name, text }
  throw new ConfigError(
    `There is no file ${name}. "runner-bandit fleet sync --project <path>" builds one from GitLab; --file or RUNNER_BANDIT_FLEET names another.`,
  )
}

/** The file is of this process, so GitLab is asked by it, too, and not by a running server. */
function gitlabHere(settings: Settings): Gitlab {
  const log = createLog(quieter(settings.logLevel))
  return gitlabBy(settings.gitlabApiToken, settings, log, new AbortController().signal)
}

function isAnythingKept({ cloud, dataFolder }: Settings): boolean {
  return cloud !== undefined || (existsSync(dataFolder) && readdirSync(dataFolder).length > 0)
}

async function askedTagsOf(settings: Settings): Promise<AskedTags[]> {
  return (await runWhereKept(settings, 'asked-tags', {}, () => {})) as AskedTags[]
}

function print<T>(command: Command, result: T, text: (result: T) => string): void {
  const { json } = command.optsWithGlobals<{ json?: boolean }>()
  console.log(json ? JSON.stringify(result, null, 2) : harmless(text(result)))
}
