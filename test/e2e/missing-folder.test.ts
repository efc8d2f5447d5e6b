/** A data folder that is not there: who asks is told so, who begins one makes it. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runWhereKept } from '../../functions/cli/operate.ts'
import { type OperationName, operations } from '../../functions/operations.ts'
import { ConfigError } from '../../shared/errors.ts'
import { loadConfig } from '../../shared/runtime/config.ts'
import { runCommand } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { jobWebhook } from '../support/webhook.ts'

const BEGIN_ONE = ['replay', 'backfill', 'reconcile', 'hook-install']
const ASKING = Object.keys(operations).filter((name) => ![...BEGIN_ONE, 'explain-ci'].includes(name))

test.each(ASKING)('%s is refused, and makes none', async (name) => {
  const parent = temporaryFolder()
  const settings = loadConfig({ RUNNER_BANDIT_DATA: join(parent, 'mistyped') })
  const asked = runWhereKept(settings, name as OperationName, {}, () => {})
  await expect(asked).rejects.toThrow(ConfigError)
  expect(readdirSync(parent)).toEqual([])
})

test('the command says which folder is missing, and what makes one', async () => {
  const parent = temporaryFolder()
  const folder = join(parent, 'mistyped')
  const { code, stdout, stderr } = await runCommand(['evaluate', '--data', folder])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(
    /^runner-bandit: There is no data folder .*`serve`, `backfill`, .*`simulate --write`.*\n$/,
  )
  expect(stderr).toContain(folder)
  expect(readdirSync(parent)).toEqual([])
})

test('replay begins the folder', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'job.json'), JSON.stringify(jobWebhook()))
  const data = join(folder, 'new', 'data')
  const replayed = await runCommand(['replay', join(folder, 'job.json'), '--data', data])
  expect(replayed).toMatchObject({ code: 0, stdout: expect.stringContaining('1 accepted') })
  expect(existsSync(join(data, 'warehouse.duckdb'))).toBe(true)
})

test('explain --ci asks nothing of what is kept, and leaves no folder', async () => {
  const folder = temporaryFolder()
  const file = join(folder, '.gitlab-ci.yml')
  writeFileSync(file, 'build:\n  tags: [docker-any]\n  script: make\n')
  const { code, stdout } = await runCommand(['explain', '--ci', file, '--data', join(folder, 'none')])
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('1 job') })
  expect(readdirSync(folder)).toEqual(['.gitlab-ci.yml'])
})
