/** A server with a project in every mode, and two runners that may take each of their jobs. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder, startServer } from './server.ts'

const FLEET = `
machines: { m: {} }
executors: [docker]
projects:
  - { name: off, id: 1, mode: off }
  - { name: quiet, id: 2 }
  - { name: told, id: 3, mode: advisory }
  - { name: canary, id: 4, mode: canary, canary: { share: 0.5, seed: one } }
  - { name: routed, id: 5, path: group/routed, mode: autonomous }
runners:
  - { name: a, machine: m, executor: docker, tags: [docker, only-a] }
  - { name: b, machine: m, executor: docker, tags: [docker, only-b] }
fallback_tag: docker
`

/** A server of that fleet, and what is asked of it. */
export async function startWithModes(env: Record<string, string> = {}) {
  const file = join(dataFolder(), 'fleet.yaml')
  writeFileSync(file, FLEET)
  const { url, deps } = await startServer({
    RUNNER_BANDIT_FLEET: file,
    RUNNER_BANDIT_MODE: undefined,
    ...env,
  })
  const ask = async (parameters: Record<string, string>) => {
    const answer = await fetch(
      `${url}/recommend?${new URLSearchParams({ job: 'build', tags: 'docker', ...parameters })}`,
    )
    return (await answer.json()) as Record<string, unknown>
  }
  const recorded = async () => {
    await deps.deliveries.drained()
    return deps.warehouse.query('SELECT * FROM ci_metrics.recommendations ORDER BY decided_at, decision_id')
  }
  return { url, deps, ask, recorded }
}
