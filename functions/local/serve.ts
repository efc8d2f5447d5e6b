/** serve: the whole of it on one machine, until a signal says stop. */
import { once } from 'node:events'
import type { LocalDeps } from '../../shared/runtime/deps.ts'
import { createLog } from '../../shared/runtime/log.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import { openFolder } from './folder.ts'
import { listen } from './http.ts'
import { serveOperations, socketPath } from './socket.ts'

/** Requests in flight get this long to end. */
const GRACE_MS = 5000

export async function serve(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel)
  socketPath(settings.dataFolder)
  const deps = await openFolder(settings, log)
  const { server, port, socket } = await listenToAll(deps).catch(async (error: unknown) => {
    await deps.close()
    throw error
  })
  console.log(
    banner({
      address: `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`,
      publicUrl: settings.publicUrl,
      dataFolder: settings.dataFolder,
      options: settings.dataFolder === './data' ? '' : ` --data ${settings.dataFolder}`,
      isOpen: settings.publicUrl !== undefined && settings.apiTokens === undefined,
      // A token from the environment is known to who set it; one made here is shown.
      token: deps.ownToken ? (deps.settings.webhookTokens?.[0] ?? '') : undefined,
    }),
  )
  log.info('server.started', { host: settings.host, port })

  const [signal] = await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  // A terminal's Ctrl-C reaches this process and its launcher, which passes it on: once is enough.
  for (const repeat of ['SIGINT', 'SIGTERM']) process.on(repeat, () => {})
  log.info('server.stopping', { signal })
  server.close()
  socket.close()
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
  server.closeIdleConnections()
  await once(server, 'close')
  socket.closeAllConnections()
  await deps.close()
  log.info('server.stopped')
}

async function listenToAll(deps: LocalDeps) {
  const { server, port } = await listen(deps)
  try {
    return { server, port, socket: await serveOperations(deps) }
  } catch (error) {
    server.close()
    throw error
  }
}

function banner(facts: {
  address: string
  publicUrl: string | undefined
  dataFolder: string
  /** What the commands below need to find the same folder. */
  options: string
  /** Whether who reaches PUBLIC_URL may ask for recommendations. */
  isOpen: boolean
  token: string | undefined
}): string {
  const reachable = facts.publicUrl ?? facts.address
  return `Runner Bandit listens on ${facts.address}; what it keeps is in ${facts.dataFolder}.

In GitLab, open Settings > Webhooks of a project or group, and add
  URL           ${reachable}/webhooks/gitlab
  Secret token  ${facts.token ?? 'the value of GITLAB_WEBHOOK_TOKEN'}
  Trigger       Job events
${
  facts.publicUrl === undefined
    ? '\nGitLab cannot reach a loopback address: set PUBLIC_URL to that of a proxy or tunnel to this one.\n'
    : ''
}${
  facts.isOpen
    ? '\nWithout RUNNER_BANDIT_API_TOKEN, /recommend and /stats answer whoever reaches that URL.\n'
    : ''
}
Meanwhile, in another terminal:
  npx runner-bandit stats${facts.options}
  npx runner-bandit sql "SELECT * FROM ci_metrics.decision_outcomes LIMIT 5"${facts.options}
`
}
