/** A history to reset and to send again, and what is asked of the state before and after. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rebuild } from '../../functions/rebuild.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { dataFolder, postWebhook } from './server.ts'
import { jobWebhook } from './webhook.ts'

export const ADMIN_TOKEN = 'an-admin-token'
export const NO_REASON = { reason: null }
export const HOUR_MS = 3_600_000

/** Twenty jobs of five runners, with a start, a finish without a duration and a cancellation among them. */
export const now = Date.now()
export const history = Array.from({ length: 20 }, (_, index) =>
  jobWebhook(
    {
      build_id: index + 1,
      build_status: index === 7 ? 'canceled' : index % 3 === 0 ? 'failed' : 'success',
      build_duration: index === 9 ? 0 : 10 + index,
      ...(index === 9 ? { build_started_at: null } : {}),
      runner: { id: 60 + (index % 5), description: `runner ${index % 5}`, tags: [] },
    },
    now - index * HOUR_MS,
  ),
)

export function fileOf(bodies: readonly unknown[]): string {
  const path = join(dataFolder(), 'bodies.ndjson')
  writeFileSync(path, bodies.map((body) => JSON.stringify(body)).join('\n'))
  return path
}

export async function sendAll(url: string, bodies: readonly unknown[]): Promise<string[]> {
  const answers = await Promise.all(bodies.map((body) => postWebhook(url, body)))
  return Promise.all(answers.map(async (answer) => ((await answer.json()) as { status: string }).status))
}

export const bytesIn = ({ settings }: LocalDeps) =>
  readFileSync(join(settings.dataFolder, 'bandit_state.json'), 'utf8')

export async function isWhatTheLogSays(deps: LocalDeps): Promise<boolean> {
  return (await rebuild({ check: true }, deps)).equal
}

export const askFor = (url: string, token?: string, body?: string) =>
  fetch(`${url}/reset`, {
    method: 'POST',
    ...(body === undefined ? {} : { body }),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
