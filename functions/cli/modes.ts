/** Commands about modes: how far each project trusts the recommendations. */
import type { Command } from 'commander'
import { rows } from '../local/say.ts'
import type { clearFallBack, ProjectMode } from '../modes.ts'
import { operate } from './operate.ts'

export function addModes(program: Command): void {
  const modes = program
    .command('modes')
    .description('Say how far each project trusts the recommendations, and which fell back to advisory.')
    .addHelpText(
      'after',
      `
A project's mode is what fleet.yaml says under "projects" (or "mode" for all; RUNNER_BANDIT_MODE goes before that):
  off         nothing is decided when its jobs ask
  shadow      decided and recorded, and not told (when nothing is said)
  advisory    told, and nothing is changed: the job keeps its own tag
  canary      routed: by the policy for a share of the pipelines, for the others by chance, as a control
  autonomous  routed by the policy
Once an hour a project whose routed jobs do worse than the others falls back to advisory, until "modes clear".`,
    )
    .action(async (_options, command: Command) => {
      await operate('modes', {}, command, saidModes)
    })

  modes
    .command('clear')
    .description('Let a project that fell back go on in the mode that fleet.yaml says.')
    .requiredOption('--project <id>', "GitLab's project id, or a name or path that fleet.yaml gives an id")
    .requiredOption('--reason <text>', 'why it may go on; kept in the table audit_log')
    .action(async ({ project, reason }: { project: string; reason: string }, command: Command) => {
      type Cleared = Awaited<ReturnType<typeof clearFallBack>>
      await operate(
        'modes-clear',
        { project, reason },
        command,
        ({ fell_back_at: at, reason: why }: Cleared) =>
          `It had fallen back at ${at}: ${why}\nFrom now on it is in the mode that fleet.yaml says; what was seen before counts no more.`,
      )
    })
}

function saidModes(modes: ProjectMode[]): string {
  const table = modes.map(({ project, wanted, in_effect: inEffect, canary_share: share }) => ({
    project: project ?? (modes.length === 1 ? 'all' : 'all others'),
    wanted: share === null ? wanted : `${wanted} (${Number((share * 100).toPrecision(3))} %)`,
    'in effect': inEffect,
  }))
  const reasons = modes.flatMap(({ project, reason, fallen_back: hasFallen }) => {
    if (reason === null) return []
    const next = `When that is mended: npx runner-bandit modes clear --project ${project} --reason "…"`
    return [`${project}: ${reason}`, ...(hasFallen ? [next] : [])]
  })
  return [rows(table), ...(reasons.length > 0 ? ['', ...reasons] : [])].join('\n')
}
