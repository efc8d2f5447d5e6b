/** Commands about the past: learn from it, and make the state from the log. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import * as say from '../local/say.ts'
import * as sayGitlab from '../local/say-gitlab.ts'
import type { RebuildReport } from '../rebuild.ts'
import type { ReconcileReport } from '../reconcile.ts'
import { gitlabOf, operate } from './operate.ts'

export function addHistory(program: Command): void {
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
    .command('backfill')
    .description(
      "Learn from a project's job history in GitLab. Needs GITLAB_API_TOKEN (scope read_api, role Reporter).",
    )
    .requiredOption('--project <id|path>', 'id or full path of the project; may be given several times', also)
    .option('--since <period>', 'jobs created since then: 30d, 12h, or a day as 2026-10-01', '30d')
    .option('--restart', 'forget what an interrupted run has read')
    .addHelpText(
      'after',
      `
Each decision is made from what was known at its time. What is in the log already is a duplicate, so a backfill can be
repeated; one that was interrupted goes on where it stopped.`,
    )
    .action(
      async (
        {
          project: projects,
          since,
          restart = false,
        }: { project: string[]; since: string; restart?: boolean },
        command: Command,
      ) => {
        const input = { projects, since, restart, ...gitlabOf(command) }
        await operate('backfill', input, command, sayGitlab.backfilled)
      },
    )

  program
    .command('reconcile')
    .description(
      'Ask GitLab for finished jobs of which no webhook came, and learn from them. A server with GITLAB_API_TOKEN does so every hour.',
    )
    .option(
      '--project <id|path>',
      'id or full path of the project; may be given several times; else those that are known',
      also,
    )
    .option('--since <period>', 'jobs that finished since then: 24h, 3d, or a day as 2026-10-01', '24h')
    .addHelpText(
      'after',
      `
Needs GITLAB_API_TOKEN (scope read_api, role Reporter). What is in the log already is not missing, so it can be repeated.
Jobs that finished longer ago than LATE_AFTER_HOURS are for backfill.`,
    )
    .action(
      async ({ project: projects = [], since }: { project?: string[]; since: string }, command: Command) => {
        const input = { projects, since, ...gitlabOf(command) }
        const report = await operate('reconcile', input, command, sayGitlab.reconciled)
        if ((report as ReconcileReport).unchecked.length > 0) process.exitCode = 1
      },
    )

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
}

const also = (value: string, before: string[] = []) => [...before, value]
