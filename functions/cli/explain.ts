/** The command that says why. */
import type { Command } from 'commander'
import { InvalidInputError } from '../../shared/errors.ts'
import { explained } from '../local/say-explain.ts'
import { addCiOptions, type ExplainCiOptions, explainCi } from './explain-ci.ts'
import { operate } from './operate.ts'

type Options = Partial<ExplainCiOptions> & { since?: string }

export function addExplain(program: Command): void {
  const explain = program
    .command('explain')
    .description('Say why a decision was made as it was, and what became of the job.')
    .argument('[id]', 'id of a decision, as /recommend or the tables say it, or number of a job in GitLab')
    .option('--project <id|path>', 'of a job: its project, where several have a job of that number')
    .option(
      '--since <period>',
      'of a decision: how far back to look: 180d, or a day as 2026-10-01 (default: 90d)',
    )
    .action(async (id: string | undefined, options: Options, command: Command) => {
      const { project, ci, since } = options
      if (ci !== undefined) return explainCi({ ...options, ci }, command)
      if (id === undefined)
        throw new InvalidInputError('Give the id of a decision, the number of a job, or --ci and a file.')
      const asked = /^\d+$/.test(id) ? { job_id: id } : { decision_id: id }
      const rest = { ...(project !== undefined && { project }), ...(since !== undefined && { since }) }
      await operate('explain', { ...asked, ...rest }, command, explained)
    })
  addCiOptions(explain)
}
