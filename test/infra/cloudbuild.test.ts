/** cloudbuild.yaml: its order, and that what it calls is there. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import packageJson from '../../package.json' with { type: 'json' }
import { settingsSchema } from '../../shared/schema/settings-schema.ts'
import { infraFiles } from './hcl.ts'

type Step = {
  id: string
  entrypoint?: string
  args?: string[]
  script?: string
  env?: string[]
  secretEnv?: string[]
}
type Build = {
  steps: Step[]
  substitutions: Record<string, string>
  availableSecrets: { secretManager: { versionName: string; env: string }[] }
  serviceAccount: string
  options: { automapSubstitutions: boolean }
}

const root = join(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'cloudbuild.yaml'), 'utf8')
const build = parse(text) as Build
const infra = Object.values(infraFiles()).join('\n')

const said = ({ entrypoint = '', args = [], script = '' }: Step) =>
  `${[entrypoint, ...args].join(' ')}\n${script.replaceAll(/\\\n\s*/g, '')}`
const everything = build.steps.map(said).join('\n')
const found = (pattern: RegExp) => [...everything.matchAll(pattern)].map(([, name = '']) => name)

test('nothing is changed before all is tested and planned, and functions change last', () => {
  expect(build.steps.map(({ id }) => id)).toEqual([
    'install',
    'references',
    'check',
    'test',
    'package',
    'upload',
    'plan',
    'tables',
    'sql-dry-run',
    'sql',
    'deploy',
    'smoke',
    'roll-back',
  ])
})

test('every script of npm that it calls exists', () => {
  const scripts = found(/\bnpm (?:run )?([a-z:-]+)\b/g).filter((name) => name !== 'ci')
  expect(scripts).toEqual(['googlesql:install', 'terraform:install', 'check', 'test'])
  expect(scripts.filter((name) => !(name in packageJson.scripts))).toEqual([])
})

test('every command of runner-bandit that it calls exists, with its options', () => {
  const sources = globSync('functions/cli/*.ts', { cwd: root }).map((path) =>
    readFileSync(join(root, path), 'utf8'),
  )
  const calls = found(/\brunner-bandit ([a-z][^\n|]*)/g).map((call) => call.split(' '))
  expect(calls.map(([name]) => name)).toEqual(['deploy-sql', 'deploy-sql', 'smoke'])
  for (const [name, ...args] of calls) {
    const source = sources.find((its) => its.includes(`.command('${name}')`)) ?? ''
    for (const option of ['', ...args.filter((arg) => arg.startsWith('--'))])
      expect(source.includes(option === '' ? `.command('${name}')` : `'${option}`), `${name} ${option}`).toBe(
        true,
      )
  }
})

test('the archive holds what the functions run, all of which exists', () => {
  expect(everything).toContain('infra/archive.sh /workspace/source.zip')
  const script = readFileSync(join(root, 'infra/archive.sh'), 'utf8')
  const paths = /^ {2}HEAD ([^$\n]*)/m.exec(script)?.[1]?.trim().split(/\s+/) ?? []
  expect(paths).toEqual(['package-lock.json', 'bin', 'functions', 'shared', 'sql'])
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('variables, outputs and resources of Terraform that it names exist', () => {
  const variables = found(/-var="(\w+)=/g)
  const outputs = found(/terraform output -raw (\w+)/g)
  expect(new Set(variables)).toEqual(new Set(['source_object']))
  for (const name of variables) expect(infra).toContain(`variable "${name}"`)
  expect(outputs.length).toBe(3)
  for (const name of outputs) expect(infra).toContain(`output "${name}"`)
  for (const target of found(/-target=([\w.]+)/g))
    expect(infra).toContain(`resource "${target.split('.').join('" "')}"`)
})

test('it runs as the deployer, and reads secrets and sets settings that there are', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: Terraform and Cloud Build write variables like this
  expect(infra).toContain('account_id   = "${var.name}-deployer"')
  expect(build.serviceAccount).toBe(
    'projects/$PROJECT_ID/serviceAccounts/${_NAME}-deployer@$PROJECT_ID.iam.gserviceaccount.com',
  )
  for (const { versionName, env } of build.availableSecrets.secretManager) {
    const id = env.toLowerCase().replaceAll('_', '-')
    expect(versionName).toBe(`projects/$PROJECT_ID/secrets/\${_NAME}-${id}/versions/latest`)
  }
  expect(infra).toContain('secret_id = "${var.name}-${lower(replace(each.key, "_", "-"))}"')
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the same
  const declared = build.availableSecrets.secretManager.map(({ env }) => env)
  const used = build.steps.flatMap(({ secretEnv = [] }) => secretEnv)
  expect(used.sort()).toEqual(declared.sort())
  const given = build.steps.flatMap(({ env = [] }) => env.map((line) => line.split('=')[0] ?? ''))
  expect([...given, ...used].filter((name) => !(name in settingsSchema.shape))).toEqual([])
})

test('every substitution of its own is declared and used, and scripts see them', () => {
  const used = new Set([...text.matchAll(/\$\{?(_[A-Z_]+)/g)].map(([, name]) => name ?? ''))
  expect([...used].sort()).toEqual(Object.keys(build.substitutions).sort())
  expect(build.options.automapSubstitutions).toBe(true)
})

test('a failure of the deployment or of the smoke test goes back to the archive of before, and fails the build', () => {
  const scriptOf = (id: string) => build.steps.find((step) => step.id === id)?.script ?? ''
  expect(scriptOf('plan')).toMatch(/output -raw source_object > \/workspace\/previous/)
  for (const id of ['deploy', 'smoke']) expect(scriptOf(id), id).toMatch(/\|\|\s+touch \/workspace\/failed/)
  expect(scriptOf('roll-back')).toMatch(
    /if \[ ! -e \/workspace\/failed \]; then exit 0; fi[\s\S]*-var="source_object=\$previous"\nexit 1\n/,
  )
})
