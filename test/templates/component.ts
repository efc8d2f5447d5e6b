/** A component as GitLab would use it: inputs put in, extends resolved; its scripts run by a shell of a test's choice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Component, components } from '../check/components.ts'
import { temporaryFolder, type WhenDone } from '../support/temporary-folder.ts'

export type Inputs = Record<string, unknown>

const all = components()

export function componentNamed(name: string): Component {
  const found = all.find((component) => component.name === name)
  if (found === undefined) throw new Error(`there is no component ${name}`)
  return found
}

/** As GitLab does it: an input that is the whole value keeps its type, one within a text becomes text. */
function putIn(value: unknown, inputs: Inputs): unknown {
  if (typeof value === 'string') {
    const whole = /^\$\[\[ inputs\.(\w+) \]\]$/.exec(value)?.[1]
    if (whole !== undefined) return inputs[whole]
    return value.replaceAll(/\$\[\[ inputs\.(\w+) \]\]/g, (_all, name: string) => String(inputs[name]))
  }
  if (Array.isArray(value)) return value.map((item) => putIn(item, inputs))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, putIn(item, inputs)]))
}

/** A job of the component, and the variables that GitLab would set for it; none of them refers to another. */
export function jobOf(name: string, jobName: string, given: Inputs) {
  const component = componentNamed(name)
  const defaults = Object.entries(component.inputs).map(([input, { default: value }]) => [input, value])
  const inputs = { ...Object.fromEntries(defaults), runner_tags: [], ...given }
  const raw = component.jobs[jobName] ?? {}
  const base = raw.extends === undefined ? {} : component.jobs[raw.extends]
  const job = putIn({ ...base, ...raw }, inputs) as Record<string, unknown> & {
    variables?: Record<string, string | { value: string }>
    script?: string[]
    after_script?: string[]
  }
  const variables = Object.fromEntries(
    Object.entries(job.variables ?? {}).map(([key, value]) => [
      key,
      typeof value === 'object' ? value.value : String(value),
    ]),
  )
  return { job, variables, script: (job.script ?? job.after_script ?? []).join('\n') }
}

export type Shell = {
  name: string
  command: string[]
  path: string
  missing: string | undefined
  /** Whether every script is tried in it, or only the part that asks. */
  thorough: boolean
}

const which = (program: string) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file))

const USED = 'cat cut grep head od printf sed sh tail timeout tr wget'.split(' ')

/** A folder with links to one program for each name. */
function folderOf(whenDone: WhenDone, fileOf: (name: string) => string | undefined): string {
  const folder = join(temporaryFolder(whenDone), 'bin')
  mkdirSync(folder)
  for (const name of USED) {
    const file = fileOf(name)
    if (file !== undefined) symlinkSync(file, join(folder, name))
  }
  return folder
}

/** Those that run scripts on runners, as GitLab's runner calls them. */
export function shells(whenDone: WhenDone): Shell[] {
  const busybox = which('busybox')
  const lacks = (...programs: string[]) => programs.find((program) => which(program) === undefined)
  const path = process.env.PATH ?? ''
  return [
    { name: 'sh with curl', command: ['sh', '-e'], path, missing: lacks('sh', 'curl'), thorough: false },
    {
      name: 'bash with curl',
      command: ['bash', '-eo', 'pipefail'],
      path,
      missing: lacks('bash', 'curl'),
      thorough: true,
    },
    {
      name: 'sh with wget',
      command: ['sh', '-e'],
      path: folderOf(whenDone, which),
      missing: lacks('sh', 'wget', 'timeout'),
      thorough: false,
    },
    {
      name: 'busybox',
      command: [busybox ?? 'busybox', 'sh', '-e'],
      path: folderOf(whenDone, () => busybox),
      missing: lacks('busybox'),
      thorough: true,
    },
  ]
}

export type Ran = { code: number | null; stdout: string; stderr: string; file(name: string): string }

/** Runs a script to its end in a folder of its own. */
export async function run(
  shell: Pick<Shell, 'command' | 'path'>,
  script: string,
  env: Record<string, string>,
  whenDone: WhenDone,
): Promise<Ran> {
  const cwd = temporaryFolder(whenDone)
  const [program = 'sh', ...options] = shell.command
  const child = spawn(program, [...options, '-c', script], {
    cwd,
    env: { PATH: shell.path, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, stdout, stderr, file: (name) => readFileSync(join(cwd, name), 'utf8') }
}
