/** serve: the whole of it on one machine, until a signal says stop. */
import { once } from 'node:events'
import { createLog } from '../../shared/runtime/log.ts'
import type { Settings } from '../../shared/schema/settings.ts'
import { openFolder } from './folder.ts'
import { listen } from './http.ts'
import { serveOperations } from './socket.ts'

/** Requests in flight get this long to end. */
const GRACE_MS = 5000

export async function serve(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel)
  const deps = await openFolder(settings, log)
  const { server, port } = await listen(deps).catch(async (error: unknown) => {
    await deps.close()
    throw error
  })
  const socket = await serveOperations(deps)
  console.log(
    banner({
      address: `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`,
      publicUrl: settings.publicUrl,
      dataFolder: settings.dataFolder,
      // A token from the environment is known to who set it; one made here has to be shown once.
      token: deps.ownToken ? (deps.settings.webhookTokens?.[0] ?? '') : undefined,
    }),
  )
  log.info('server.started', { host: settings.host, port })

  const [signal] = await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
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

function banner(facts: {
  address: string
  publicUrl: string | undefined
  dataFolder: string
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
}
Meanwhile, in another terminal:
  npx runner-bandit stats
  npx runner-bandit sql "SELECT * FROM ci_metrics.decision_outcomes LIMIT 5"
`
}
