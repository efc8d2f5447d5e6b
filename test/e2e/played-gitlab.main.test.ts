/** The played GitLab as a process, for people who try the product. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { API_TOKEN } from '../support/played-api/index.ts'

const MAIN = join(import.meta.dirname, '../support/played-gitlab/main.ts')

test.each([
  ['--help', 0, /^A played GitLab.*\nusage: .*--port/],
  ['--colour=blue', 1, /^Unknown option '--colour'.*\nusage: /],
])('answers %s by how it is used', async (option, code, words) => {
  const ended = await run([option])
  expect(ended.code).toBe(code)
  expect(ended.said).toMatch(words)
  expect(ended.said).not.toContain('    at ')
})

test('says that its port is taken', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const { code, said } = await run(['--port', String(port)])
  expect(code).toBe(1)
  expect(said).toMatch(new RegExp(`^Port ${port} cannot be had \\(.*EADDRINUSE.*--port`))
  expect(said.trim().split('\n')).toHaveLength(1)
})

async function run(args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH ?? '' } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, said }
}

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
  const ask = async (path: string, method = 'GET', body?: object) => {
    const response = await fetch(url + path, {
      method,
      headers: { 'private-token': API_TOKEN, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
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
  const lint = '/api/v4/projects/101/ci/lint'
  const included = { content: 'include: other.yml\njob: { script: make }\n' }
  expect(await ask(lint, 'POST', included)).toMatchObject({
    valid: false,
    errors: [expect.stringContaining('other.yml')],
  })
  const content = 'job: { script: [!reference [.job, script]] }\n'
  expect(await ask(lint, 'POST', { content })).toMatchObject({ valid: true, merged_yaml: content })
  expect(await ask('/api/v4/runners/3')).toMatchObject({ description: 'Mac2 Docker Runner', paused: true })
})
