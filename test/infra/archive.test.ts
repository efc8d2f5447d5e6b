/** Each function starts from what the archive holds, with the settings that infra/ gives it when nothing else is said. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join, parse } from 'node:path'
import { expect, test } from 'vitest'
import { services } from '../../functions/services.ts'
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
const BUNDLE = /FUNCTION_SOURCE = "(.+)"/.exec(infraFiles()['functions.tf'] ?? '')?.[1] ?? ''

/** The paths that cloudbuild.yaml packs, as they are in the working tree, and the bundle. */
function unpack(): string {
  execFileSync('npm', ['run', '--silent', 'bundle'], { cwd: root, stdio: 'ignore' })
  const paths = /git archive [\s\S]*? HEAD\s+\\?\s*([^$]*)/.exec(
    readFileSync(join(root, 'cloudbuild.yaml'), 'utf8'),
  )?.[1]
  const files = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', ...(paths ?? '').trim().split(/\s+/)],
    { cwd: root, encoding: 'utf8' },
  )
  const folder = temporaryFolder()
  for (const file of files.trim().split('\n')) cpSync(join(root, file), join(folder, file))
  cpSync(join(root, BUNDLE), join(folder, BUNDLE))
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

test('the archive has the bundle where the framework is told to look, and it is made anew for it', () => {
  const { dir, base } = parse(BUNDLE)
  const pack = readFileSync(join(root, 'cloudbuild.yaml'), 'utf8')
  expect(pack).toMatch(`--prefix=${dir}/ --add-file=${dir}/${base} --prefix= HEAD`)
  expect(pack.indexOf('npm run bundle')).toBeLessThan(pack.indexOf('git archive'))
  expect(pack).toContain('npm run bundle')
})

test.skipIf(missing !== undefined)(
  `every function starts${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  async () => {
    const folder = unpack()
    const configuration = await parseInfra()
    const starts = services.map(async ({ name, isPublic }) => {
      const settings = settingsOf(name, isPublic, configuration)
      const child = spawn(
        process.execPath,
        ['--input-type=module', '--eval', `await import('./${BUNDLE}'); process.exit(0)`],
        {
          cwd: folder,
          env: {
            ...Object.fromEntries(
              settings.map((setting) => [setting, VALUES[setting] ?? `a-${setting}`.toLowerCase()]),
            ),
            PATH: process.env.PATH,
            K_SERVICE: `runner-bandit-${name}`,
            FUNCTION_TARGET: name,
            STORAGE_EMULATOR_HOST: 'http://127.0.0.1:1',
          },
        },
      )
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
      const [status] = await once(child, 'close')
      return [name, { status, said: status === 0 ? '' : said }]
    })
    const expected = services.map(({ name }) => [name, { status: 0, said: '' }])
    expect(Object.fromEntries(await Promise.all(starts))).toEqual(Object.fromEntries(expected))
  },
)
