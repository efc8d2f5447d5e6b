/** The same handlers behind functions-framework, as the cloud would call them. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { routes } from '../../functions/routes.ts'
import { dataFolder, postWebhook, WEBHOOK_TOKEN } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const servers: Server[] = []

async function serve(name: string): Promise<string> {
  const server = getTestServer(name)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  vi.stubEnv('RUNNER_BANDIT_DATA', dataFolder())
  vi.stubEnv('GITLAB_WEBHOOK_TOKEN', WEBHOOK_TOKEN)
  vi.stubEnv('LOG_LEVEL', 'error')
  await import('../../functions/index.ts')
})

afterAll(() => {
  for (const server of servers) server.close()
})

test('every route of the table is registered under its name', () => {
  for (const { name } of routes) expect(() => getTestServer(name)).not.toThrow()
})

test('ingest answers as it does on one machine', async () => {
  const url = await serve('ingest')
  const accepted = await postWebhook(url, jobWebhook())
  expect([accepted.status, await accepted.json()]).toEqual([
    202,
    { status: 'accepted', event_id: 'gitlab.com/101/1001/job.finished' },
  ])
  expect((await postWebhook(url, jobWebhook(), { 'x-gitlab-token': 'wrong-token' })).status).toBe(401)
  expect((await fetch(`${url}/webhooks/gitlab`)).status).toBe(405)
})

test('recommend speaks dotenv', async () => {
  const url = await serve('recommend')
  const response = await fetch(`${url}/recommend?project=crm&job=x&tags=docker-any&format=dotenv`)
  expect(await response.text()).toMatch(/^MAB_RUNNER_TAG=/)
})

test('learn refuses a push that is no event, so that it is not acknowledged', async () => {
  const url = await serve('learn')
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'ce-id': '1',
      'ce-source': '//pubsub.googleapis.com/projects/p/topics/job-events',
      'ce-type': 'google.cloud.pubsub.topic.v1.messagePublished',
      'ce-specversion': '1.0',
    },
    body: JSON.stringify({ message: { data: Buffer.from('{"no":"event"}').toString('base64') } }),
  })
  expect(response.status).toBe(500)
})
