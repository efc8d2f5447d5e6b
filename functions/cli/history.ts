/** Commands about the past: learn from it, and make the state from the log. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import * as say from '../local/say.ts'
import type { RebuildReport } from '../rebuild.ts'
import { operate } from './operate.ts'

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
