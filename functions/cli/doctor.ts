/** doctor: its own command, since it has to work where no operation can. */
import type { Command } from 'commander'
import { diagnose } from '../local/doctor/doctor.ts'
import { diagnosis } from '../local/doctor/say-doctor.ts'

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'Say what is well, what is not, and what mends it. Changes nothing; exits 1 when something failed.',
    )
    .action(async (_options, command: Command) => {
      const { data, json } = command.optsWithGlobals<{ data?: string; json?: boolean }>()
      const checks = await diagnose(data)
      const ok = checks.every(({ status }) => status !== 'Failed')
      console.log(json ? JSON.stringify({ ok, checks }, null, 2) : diagnosis(checks, process.stdout.isTTY))
      if (!ok) process.exitCode = 1
    })
}
