/** Each function starts from what the archive holds, with the settings that infra/ gives it when nothing else is said. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { services } from '../../functions/services.ts'
import { FRAMEWORK } from '../support/cloud/function.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type Configuration, infraFiles, parseInfra, whatIsMissing } from './hcl.ts'

const missing = whatIsMissing()
const root = join(import.meta.dirname, '../..')

/** Values for what Terraform would fill in. */
const VALUES: Record<string, string> = {
  BANDIT_STATE_SHARDS: '1',
  BIGQUERY_LOCATION: 'EU',
  BANDIT_ALGORITHM: 'ucb1',
  GITLAB_URL: 'https://gitlab.com',
  LOG_LEVEL: 'info',
  RUNNER_BANDIT_PUSH_ACCOUNTS: 'caller@example.com',
}

/** What the framework is told to load. */
/** What is committed, as the archive has it, with the packages of this tree. */
function unpack(): string {
  const folder = temporaryFolder()
  const archive = join(folder, 'source.tar')
  execFileSync('infra/archive.sh', [archive], { cwd: root, stdio: 'ignore' })
  execFileSync('tar', ['-xf', archive, '-C', folder])
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** The names that functions.tf sets for all, for the public ones (when id tokens are used), and for the others. */
function settingsOf(service: string, isPublic: boolean, { variable, locals }: Configuration): string[] {
  const text = infraFiles()['functions.tf'] ?? ''
  const names = [...text.matchAll(/^ +([A-Z][A-Z_]+) += /gm)].map(([, name]) => name ?? '')
  const readers = Object.assign({}, ...locals).secret_readers as Record<string, string[]>
  const [{ default: inUse }] = variable.secrets_in_use as [{ default: string[] }]
  return [
    ...names.filter((name) => !name.startsWith('RUNNER_BANDIT_')),
    ...names.filter((name) => name.startsWith('RUNNER_BANDIT_PUSH_') && !isPublic),
    ...(readers[service] ?? []).filter((name) => inUse.includes(name)),
  ]
}

test('the archive names the bundle as its main file, has it, and leaves optional packages out', () => {
  const folder = unpack()
  const { main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  expect(main).toBe('shared/bundle/index.js')
  expect(existsSync(join(folder, main))).toBe(true)
  expect(readFileSync(join(folder, '.npmrc'), 'utf8')).toMatch(/^omit=optional$/m)
})

test.skipIf(missing !== undefined)(
  `every function starts${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  async () => {
    const folder = unpack()
    const configuration = await parseInfra()
    const starts = services.map(async ({ name, isPublic }) => {
      const settings = settingsOf(name, isPublic, configuration)
      const child = spawn(process.execPath, [FRAMEWORK], {
        cwd: folder,
        env: {
          ...Object.fromEntries(
            settings.map((setting) => [setting, VALUES[setting] ?? `a-${setting}`.toLowerCase()]),
          ),
          PATH: process.env.PATH,
          K_SERVICE: `runner-bandit-${name}`,
          FUNCTION_TARGET: name,
          PORT: '0',
          STORAGE_EMULATOR_HOST: 'http://127.0.0.1:1',
        },
      })
      let said = ''
      // It says so when it listens, and goes on; or ends, and says why.
      const listening = new Promise<void>((resolve) => {
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk) => {
            said += chunk
            if (said.includes('Serving function')) resolve()
          })
        child.once('close', () => resolve())
      })
      await listening
      const isServing = child.exitCode === null
      child.kill('SIGKILL')
      return [name, isServing ? 'serves' : said]
    })
    const expected = services.map(({ name }) => [name, 'serves'])
    expect(Object.fromEntries(await Promise.all(starts))).toEqual(Object.fromEntries(expected))
  },
)
