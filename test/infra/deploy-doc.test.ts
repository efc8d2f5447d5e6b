/** docs/deploy.md names only what there is. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { infraFiles } from './hcl.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const text = read('docs/deploy.md')
const infra = Object.values(infraFiles()).join('\n')
const found = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name)

test('every command of runner-bandit in it exists, with its options', () => {
  const sources = globSync('functions/cli/*.ts', { cwd: root }).map(read)
  const calls = found(/npx runner-bandit ([a-z][^`#\n]*)/g).map((call) => call.trim().split(/\s+/))
  expect(calls.length).toBeGreaterThan(10)
  for (const [name, ...args] of calls) {
    const source = sources.find((its) => its.includes(`.command('${name}')`)) ?? ''
    expect(source, `no command ${name}`).not.toBe('')
    for (const option of args.filter((arg) => arg.startsWith('--')))
      expect(new RegExp(`['(]'?${option}\\b`).test(source), `${name} ${option}`).toBe(true)
  }
})

test('outputs, targets, variables and files that it names exist', () => {
  for (const name of found(/output (?:-raw )?(\w+)[)`"]/g)) expect(infra).toContain(`output "${name}"`)
  for (const target of found(/-target=([\w.]+)/g))
    expect(infra).toContain(`resource "${target.split('.').join('" "')}"`)
  const variables = [...found(/^(\w+) += /gm), ...found(/`(\w+) = /g)]
  expect(variables).toContain('learn_driver')
  for (const name of variables) expect(infra).toContain(`variable "${name}"`)
  for (const path of found(/\]\(\.\.\/([\w./-]+)\)/g)) expect(() => read(path), path).not.toThrow(/ENOENT/)
})

test('the archive that it packs is the one of cloudbuild.yaml', () => {
  for (const its of [text, read('cloudbuild.yaml')]) expect(its).toMatch(/^ *infra\/archive\.sh \S+$/m)
  expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(['terraform:install']))
})
