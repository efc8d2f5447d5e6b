/** The played GitLab as a process, for people who try the product. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { API_TOKEN } from '../support/played-api/index.ts'

const MAIN = join(import.meta.dirname, '../support/played-gitlab/main.ts')

test('says where it is, and is one GitLab at one address: API, keys, and what a person changes of it', async () => {
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--history', '3'], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let url = ''
  for await (const line of createInterface(child.stdout)) {
    url = /http:\S+(?=;)/.exec(line)?.[0] ?? ''
    if (url !== '') break
  }
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(url + path, { method, headers: { 'private-token': API_TOKEN } })
    expect(response.status).toBe(200)
    return response.json()
  }
  const page = '/jobs?pagination=keyset&order_by=id&sort=desc&scope[]=success&scope[]=failed'
  const jobs = (await ask(`/api/v4/projects/example%2Fcrm${page}`)) as { name: string }[]
  expect(jobs.map(({ name }) => name)).toContain('build')
  expect(await ask('/.well-known/openid-configuration')).toMatchObject({ issuer: url })
  expect(await ask('/oauth/discovery/keys')).toMatchObject({ keys: [{ alg: 'RS256' }] })
  expect(await ask('/play/runners/3?paused=true&slowness=10', 'POST')).toMatchObject({
    paused: true,
    slowness: 10,
  })
  expect(await ask('/api/v4/runners/3')).toMatchObject({ description: 'Mac2 Docker Runner', paused: true })
})
