/** The webhook in GitLab. */
import type { Command } from 'commander'
import * as say from '../local/say-gitlab.ts'
import { gitlabOf, operate } from './operate.ts'

export function addHook(program: Command): void {
  program
    .command('hook')
    .description("Care for GitLab's webhook of a project.")
    .command('install')
    .description(
      'Create the webhook in GitLab, or repair it. Needs GITLAB_API_TOKEN (scope api, role Maintainer).',
    )
    .requiredOption('--project <id|path>', 'id or full path of the project')
    .option('--url <url>', 'where GitLab reaches this server (env PUBLIC_URL)')
    .option('--dry-run', 'say what would be done, and do nothing')
    .action(async (options: { project: string; url?: string; dryRun?: true }, command: Command) => {
      const { project, url, dryRun = false } = options
      const input = { project, ...(url !== undefined && { url }), dry_run: dryRun, ...gitlabOf(command) }
      await operate('hook-install', input, command, say.hookInstalled)
    })
}
