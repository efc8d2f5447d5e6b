/**
 * Each CI/CD component is one file that GitLab can include from anywhere, so the function that asks stands in all of
 * them: copies of templates/ask.sh, between two marks. Their READMEs list the inputs. `npm run docs` writes both.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { root } from './tool.ts'

export type Input = {
  type?: string
  description?: string
  default?: unknown
  options?: unknown[]
  regex?: string
}
type Job = { extends?: string; script?: string[]; after_script?: string[]; [key: string]: unknown }
export type Component = {
  name: string
  text: string
  readme: string
  inputs: Record<string, Input>
  jobs: Record<string, Job>
}

const COPY = /^( *)# <ask\.sh>\n[\s\S]*?^ *# <\/ask\.sh>\n/m
const TABLE = /^\| input \|[\s\S]*?\n(?!\|)/m

const read = (path: string) => readFileSync(join(root, path), 'utf8')
export const askSource = () => read('templates/ask.sh')

export function components(): Component[] {
  return globSync('templates/*/template.yml', { cwd: root })
    .sort()
    .map((path) => {
      const text = read(path)
      const [header, body] = parseAllDocuments(text).map((document) => document.toJS())
      const name = path.split('/').at(-2) ?? ''
      return {
        name,
        text,
        readme: read(`templates/${name}/README.md`),
        inputs: header.spec.inputs,
        jobs: body,
      }
    })
}

/** The file with the copy in its place. */
export function withCopy(text: string, source: string): string {
  const indent = COPY.exec(text)?.[1] ?? ''
  const lines = ['# <ask.sh>', ...source.trimEnd().split('\n'), '# </ask.sh>']
  return text.replace(COPY, () => `${lines.map((line) => `${indent}${line}`.trimEnd()).join('\n')}\n`)
}

/** The README with the table of inputs in its place; those without a default first. */
export function withTable(readme: string, inputs: Record<string, Input>): string {
  const isNeeded = ([, input]: [string, Input]) => !Object.hasOwn(input, 'default')
  const entries = Object.entries(inputs)
  const rows = [...entries.filter(isNeeded), ...entries.filter((entry) => !isNeeded(entry))].map((entry) => {
    const [name, { type, default: value, description = '' }] = entry
    const shown = isNeeded(entry)
      ? 'needed'
      : `\`${typeof value === 'string' ? value || '""' : JSON.stringify(value)}\``
    return `| \`${name}\` | ${type} | ${shown} | ${description} |`
  })
  const table = ['| input | type | default | |', '|---|---|---|---|', ...rows, '']
  return readme.replace(TABLE, () => table.join('\n'))
}

if (process.argv.includes('--write')) {
  for (const { name, text, readme, inputs } of components()) {
    writeFileSync(join(root, `templates/${name}/template.yml`), withCopy(text, askSource()))
    writeFileSync(join(root, `templates/${name}/README.md`), withTable(readme, inputs))
  }
}
