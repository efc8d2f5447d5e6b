/** What Terraform makes of the tables in infra/ that depend on settings alone; no provider is needed for that. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { INFRA } from './hcl.ts'

const FILES = ['variables.tf', 'services.tf', 'routes.tf', 'tables.tf']

export const hasTerraform = spawnSync('terraform', ['version']).status === 0

/** The value of an expression, with these settings besides those that have no default. */
export function evaluate(expression: string, variables: Record<string, string> = {}): unknown {
  const folder = temporaryFolder()
  const infra = join(folder, 'infra')
  mkdirSync(infra)
  for (const file of FILES) cpSync(join(INFRA, file), join(infra, file))
  cpSync(join(INFRA, '../sql'), join(folder, 'sql'), { recursive: true })
  const settings = { project: 'a-project', source_object: 'a.zip', ...variables }
  const { stdout, stderr, status } = spawnSync(
    'terraform',
    ['console', ...Object.entries(settings).map(([name, value]) => `-var=${name}=${value}`)],
    { cwd: infra, encoding: 'utf8', input: `jsonencode(${expression})` },
  )
  if (status !== 0) throw new Error(`terraform console: ${stderr}${stdout}`)
  // The result is printed as a string literal in the last line; warnings may come before it.
  return JSON.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
}
