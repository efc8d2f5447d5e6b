/** /stats, /health and / over HTTP, and the token that guards what is learned. */
import { beforeAll, expect, test } from 'vitest'
import { playDockerRunners, startServer } from '../support/server.ts'

let url: string

beforeAll(async () => {
  const server = await startServer()
  url = server.url
  await playDockerRunners(url)
  await server.deps.deliveries.drained()
})

test('an API token, once set, is needed for recommend and stats', async () => {
  const guarded = await startServer({ RUNNER_BANDIT_API_TOKEN: 'an-api-token' })
  const status = async (path: string, authorization?: string) =>
    (await fetch(guarded.url + path, { headers: authorization === undefined ? {} : { authorization } }))
      .status
  for (const path of ['/recommend?project=a&job=b', '/stats']) {
    expect(await status(path)).toBe(401)
    expect(await status(path, 'Bearer an-api-tokem')).toBe(401)
    expect(await status(path, 'Basic an-api-token')).toBe(401)
    expect(await status(path, 'Bearer an-api-token')).toBe(200)
  }
  expect(await status('/health')).toBe(200)
})

test('stats ranks every known arm, with what was learned of it', async () => {
  const body = (await (await fetch(`${url}/stats`)).json()) as {
    observations: number
    arms: Record<string, unknown>[]
  }
  expect(body.observations).toBe(4)
  expect(body.arms).toHaveLength(11)
  expect(body.arms.map((arm) => arm.rank)).toEqual(Array.from({ length: 11 }, (_, index) => index + 1))
  const mac2 = body.arms.find(({ arm }) => arm === 'Mac2 Docker Runner')
  expect(mac2).toMatchObject({ observations: 1, successes: 1, managed: true, exposure_seconds: 6 })
  expect(mac2?.mean_reward).toBeCloseTo(1 / (0.1 + (0.02 * 6) / 3600 + 0.1), 5)
  // Arms never tried go first, in the order of their ids.
  expect(body.arms[0]).toMatchObject({ arm: 'Linux Yoga K8s Runner', index: null, mean_reward: null })
})

test('health tells live and ready, the age of the state and what waits', async () => {
  const response = await fetch(`${url}/health`)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    live: true,
    ready: true,
    state: { observations: 4, age_seconds: expect.any(Number) },
    queues: { learn: 0, shadow: 0 },
    dead_letters: 0,
  })
})

test('home lists what is served', async () => {
  expect(JSON.stringify(await (await fetch(url)).json())).toContain('/webhooks/gitlab')
})
