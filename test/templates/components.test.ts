/** What stands in templates/: each component is whole by itself, described, and says the same as its README. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { askSource, components, type Input, withCopy, withTable } from '../check/components.ts'
import { root } from '../check/tool.ts'

const all = components()
const JOBS = {
  availability: ['mab:availability'],
  'mab-enabled': ['.mab-enabled'],
  recommend: ['.mab-recommend', 'mab:recommend'],
  report: ['mab:report'],
  route: ['mab:route', 'mab:routed'],
  stats: ['mab:stats'],
}
const hasShellcheck = (process.env.PATH ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'shellcheck')))

test('the components are these, with these jobs, and the README names each', () => {
  expect(Object.fromEntries(all.map(({ name, jobs }) => [name, Object.keys(jobs)]))).toEqual(JOBS)
  const readme = readFileSync(join(root, 'templates/README.md'), 'utf8')
  for (const name of Object.keys(JOBS)) expect(readme).toContain(`(${name}/README.md)`)
})

const scriptsOf = ({ jobs }: (typeof all)[number]) =>
  Object.values(jobs).flatMap(({ script, after_script }) => [...(script ?? []), ...(after_script ?? [])])

describe.each(all)('$name', (component) => {
  const { name, text, readme, inputs, jobs } = component

  test('has inputs that are typed and described, uses each, and none that it has not', () => {
    for (const [input, { type, description, default: value }] of Object.entries(inputs) as [
      string,
      Input,
    ][]) {
      expect([input, type]).toEqual([input, expect.stringMatching(/^(string|number|boolean|array)$/)])
      expect([input, description]).toEqual([input, expect.stringMatching(/^[A-Z].*\.$/)])
      const isOfType = Array.isArray(value) ? type === 'array' : value === undefined || typeof value === type
      expect([input, isOfType]).toEqual([input, true])
    }
    const used = [...text.matchAll(/\$\[\[ inputs\.(\w+) \]\]/g)].map(([, input]) => input)
    expect([...new Set(used)].sort()).toEqual(Object.keys(inputs).sort())
  })

  test('says in its README what its file says', () => {
    expect(withTable(readme, inputs), 'npm run docs writes the table').toBe(readme)
    const example = readFileSync(join(root, `templates/${name}/example.gitlab-ci.yml`), 'utf8')
    expect(readme).toContain(`\`\`\`yaml\n${example}\`\`\``)
    const { include } = parse(example) as {
      include: { component: string; inputs: Record<string, unknown> }[]
    }
    expect(include[0]?.component).toBe(`$CI_SERVER_FQDN/my-group/runner-bandit/${name}@main`)
    const given = Object.keys(include[0]?.inputs ?? {})
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(given))
    const needed = Object.entries(inputs).filter(([, input]) => !Object.hasOwn(input, 'default'))
    expect(given).toEqual(expect.arrayContaining(needed.map(([input]) => input)))
  })

  // Mode, runners and protection are those of the project that asks, and a job meets its answer by its project.
  test('hands no tag to a pipeline of another project in its example', () => {
    const jobs = parse(readFileSync(join(root, `templates/${name}/example.gitlab-ci.yml`), 'utf8'))
    for (const job of Object.values<{ trigger?: object }>(jobs))
      expect(job.trigger ?? {}).not.toHaveProperty('project')
  })

  test('asks as ask.sh does', () => {
    expect(withCopy(text, askSource()), 'npm run docs writes the copy').toBe(text)
    for (const script of scriptsOf(component)) expect(script).toContain(askSource().trimEnd())
  })

  test('shows no secret: no trace of commands, and artifacts that are named', () => {
    expect(text).not.toMatch(/set -\w*x/)
    for (const [job, { artifacts }] of Object.entries(jobs)) {
      const {
        paths = [],
        reports = {},
        expire_in,
      } = (artifacts ?? { expire_in: '-' }) as Record<string, unknown>
      const files = [...(paths as string[]), ...Object.values(reports as object)]
      expect([job, files.filter((file) => !/^[\w-]+\.(env|json|yml)$/.test(file)), expire_in]).toEqual([
        job,
        [],
        expect.any(String),
      ])
    }
  })

  test.skipIf(!hasShellcheck)(
    `has scripts that shellcheck has nothing to say of${hasShellcheck ? '' : ' (shellcheck is not installed)'}`,
    () => {
      for (const script of scriptsOf(component)) {
        const run = () => spawnSync('shellcheck', ['-s', 'sh', '-'], { input: script, encoding: 'utf8' })
        expect(run().stdout).toBe('')
      }
    },
  )
})

test('nothing else lies there', () => {
  const files = globSync('templates/**/*', { cwd: root, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const names = files.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1)).sort()
  const expected = Object.keys(JOBS).flatMap((name) =>
    ['README.md', 'example.gitlab-ci.yml', 'template.yml'].map((file) => `templates/${name}/${file}`),
  )
  expect(names).toEqual(['templates/README.md', 'templates/ask.sh', ...expected].sort())
})
