/** doctor: its own command, since it has to work where no operation can. */
import type { Command } from 'commander'
import { InvalidInputError } from '../../shared/errors.ts'
import { loadConfigLeniently } from '../../shared/runtime/config.ts'
import type { Addresses } from '../cloud/doctor/doctor.ts'
import type { Check } from '../local/doctor/check.ts'
import { diagnose } from '../local/doctor/doctor.ts'
import { diagnosis } from '../local/doctor/say-doctor.ts'

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'Say what is well, what is not, and what mends it. Changes nothing; exits 1 when something failed.',
    )
    .option('--url <url>', 'on Google Cloud: where webhooks go (env PUBLIC_URL)')
    .option('--recommend-url <url>', 'on Google Cloud: where /health is, if it has an address of its own')
    .action(async (addresses: Addresses, command: Command) => {
      const { data, json } = command.optsWithGlobals<{ data?: string; json?: boolean }>()
      const checks = await diagnoseWhatIsMeant(addresses, data)
      const ok = checks.every(({ status }) => status !== 'Failed')
      console.log(json ? JSON.stringify({ ok, checks }, null, 2) : diagnosis(checks, process.stdout.isTTY))
      if (!ok) process.exitCode = 1
    })
}

/** The cloud where settings name a bucket, also when they lack the project of it. */
async function diagnoseWhatIsMeant(addresses: Addresses, dataFolder: string | undefined): Promise<Check[]> {
  const found = loadConfigLeniently()
  const isHalf = found.faults.some((fault) => fault.startsWith('BANDIT_GCS_BUCKET'))
  if (found.settings.cloud === undefined && !isHalf) {
    if (addresses.url !== undefined || addresses.recommendUrl !== undefined)
      throw new InvalidInputError(
        'doctor: --url and --recommend-url are of the cloud, and BANDIT_GCS_BUCKET names none',
      )
    return diagnose(dataFolder)
  }
  const { diagnoseCloud } = await import('../cloud/doctor/doctor.ts')
  return diagnoseCloud(found, addresses)
}
