/** serve: the whole of it on one machine, until a signal says stop. */
import { ConfigError } from '../../shared/errors.ts'
import { createLog } from '../../shared/runtime/log.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import { isDemoFolder } from './demo/demo-folder.ts'
import { type RunningServer, startServer, tokenFile, toldToStop } from './server.ts'

const GRACE_MS = 5000

export async function serve(settings: Settings): Promise<void> {
  if (settings.cloud !== undefined)
    throw new ConfigError(
      'BANDIT_GCS_BUCKET is set, and serve is for one machine. Unset it, or deploy the functions: docs/deploy.md.',
    )
  if (isDemoFolder(settings.dataFolder))
    throw new ConfigError(
      `${settings.dataFolder} holds the made-up jobs of a demo; choose another folder with --data.`,
    )
  const log = createLog(settings.logLevel)
  const server = await startServer(settings, log, { graceMs: GRACE_MS })
  const told = toldToStop()
  console.log(banner(settings, server))
  log.info('server.started', { address: server.address })
  const signal = await told
  log.info('server.stopping', { signal })
  await server.close()
  log.info('server.stopped')
}

function banner(settings: Settings, server: RunningServer): string {
  const { address, deps } = server
  const { dataFolder, publicUrl } = settings
  const isOpen = publicUrl !== undefined && (settings.apiTokens ?? settings.idTokenAudience) === undefined
  const options = dataFolder === './data' ? '' : ` --data ${dataFolder}`
  const notes = [
    publicUrl === undefined &&
      'GitLab cannot reach a loopback address: set PUBLIC_URL to that of a proxy or tunnel to this one.',
    isOpen &&
      'Without RUNNER_BANDIT_API_TOKEN, /recommend, /explain and /stats answer whoever reaches that URL.',
    deps.fleet.availability.start &&
      'Machines that fleet.yaml lets it start are played here: nothing is really started, and nothing is paid.',
  ]
  return [
    `Runner Bandit listens on ${address}; what it keeps is in ${dataFolder}.`,
    '',
    'In GitLab, open Settings > Webhooks of a project or group, and add',
    `  URL           ${publicUrl ?? address}/webhooks/gitlab`,
    ...secretLines(settings, server),
    '  Triggers      Job events, Pipeline events',
    'or let "npx runner-bandit hook install --help" tell how a command does it.',
    ...notes.flatMap((note) => (note === false ? [] : ['', note])),
    '',
    'Meanwhile, in another terminal:',
    `  npx runner-bandit doctor${options}`,
    `  npx runner-bandit stats${options}`,
    `  npx runner-bandit sql "SELECT * FROM ci_metrics.decision_outcomes LIMIT 5"${options}`,
    '',
  ].join('\n')
}

/**
 * A token made here is shown to a person, and once to whoever starts the server first; the output of a service is kept
 * by others, so later starts say where the token is.
 */
function secretLines(settings: Settings, { deps, isTokenNew }: RunningServer): string[] {
  const { webhookTokens, signingTokens, dataFolder } = settings
  const isShown = isTokenNew || process.stdout.isTTY
  const own = isShown ? deps.settings.webhookTokens?.[0] : `what ${tokenFile(dataFolder)} holds`
  return [
    ...(webhookTokens === undefined ? [] : ['  Secret token  the value of GITLAB_WEBHOOK_TOKEN']),
    ...(signingTokens === undefined ? [] : ['  Signing token the value of GITLAB_WEBHOOK_SIGNING_TOKEN']),
    ...((webhookTokens ?? signingTokens) ? [] : [`  Secret token  ${own}`]),
  ]
}
