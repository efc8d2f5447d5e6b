/** What the start of a server says, and to whom. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dataFolder, kill, runCommand, spawnServer } from '../support/server.ts'

test('prints a token of its own when it is new, and later only says where it is', async () => {
  const folder = dataFolder()
  const env = { RUNNER_BANDIT_DATA: folder, GITLAB_WEBHOOK_TOKEN: undefined }
  const first = await spawnServer(env)
  await kill(first)
  const file = join(folder, 'webhook-token')
  const token = readFileSync(file, 'utf8').trim()
  expect(first.stdout).toContain(`Secret token  ${token}\n`)
  const second = await spawnServer(env)
  await kill(second)
  expect(second.stdout).not.toContain(token)
  expect(second.stdout).toContain(`Secret token  what ${file} holds\n`)
})

test('names the triggers, the signing token where there is one, and the commands that help', async () => {
  const signing = `whsec_${'A'.repeat(43)}=`
  const server = await spawnServer({
    RUNNER_BANDIT_DATA: dataFolder(),
    GITLAB_WEBHOOK_TOKEN: undefined,
    GITLAB_WEBHOOK_SIGNING_TOKEN: signing,
  })
  await kill(server)
  expect(server.stdout).toContain('Triggers      Job events, Pipeline events\n')
  expect(server.stdout).toContain('Signing token the value of GITLAB_WEBHOOK_SIGNING_TOKEN\n')
  expect(server.stdout).not.toContain(signing)
  expect(server.stdout).not.toContain('Secret token')
  expect(server.stdout).not.toContain('played')
  for (const command of ['hook install', 'doctor', 'stats', 'sql'])
    expect(server.stdout).toContain(`npx runner-bandit ${command}`)
})

test('says that machines are played, where they may be started', async () => {
  const folder = dataFolder()
  const fleet = join(folder, 'fleet.yaml')
  const runners = 'runners: [{ name: A, machine: m, executor: docker, own_tag: a, tags: [a] }]'
  writeFileSync(
    fleet,
    `machines: { m: {} }\nexecutors: [docker]\n${runners}\navailability: { start: true }\n`,
  )
  const server = await spawnServer({ RUNNER_BANDIT_DATA: folder, RUNNER_BANDIT_FLEET: fleet })
  await kill(server)
  expect(server.stdout).toContain('are played here: nothing is really started, and nothing is paid.\n')
})

test.each([
  ['/proc/no-folder-here', 'cannot be made'],
  ['/etc/passwd/folder', 'cannot be made'],
  ['/etc/passwd', 'cannot be opened'],
])('a data folder that cannot be is refused at once: %s', async (folder, reason) => {
  const { code, stderr } = await runCommand(['replay', '.', '--data', folder])
  expect([code, stderr]).toEqual([1, expect.stringContaining(reason)])
  expect(stderr).toMatch(/^runner-bandit: .*\n$/)
})
