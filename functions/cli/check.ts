/** The command that says whether the data can bear a verdict. */
import type { Command } from 'commander'
import type { CheckedData } from '../check-data.ts'
import { checkedData } from '../local/say-data.ts'
import { operate } from './operate.ts'

export function addCheck(program: Command): void {
  program
    .command('check')
    .description(
      'Check the data that an evaluation rests on. Changes nothing; exits 1 when an error is found, not for warnings.',
    )
    .addHelpText('after', '\nWhat is asked, and why those limits: sql/check/*.sql.')
    .action(async (_options, command: Command) => {
      const { ok } = (await operate('check', {}, command, checkedData)) as CheckedData
      if (!ok) process.exitCode = 1
    })
}
