/** Running the tools that `npm ci` brings, and asking git for the files of the repository. */
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

const bin = join(root, 'node_modules/.bin')

export class NeedsInstall extends Error {
  constructor(what: string) {
    super(`${what} is not installed: run npm ci first.`)
  }
}

/** What the tool prints when it fails; empty when it is content. */
export function runTool(name: string, args: readonly string[]): string {
  const installed = join(bin, name)
  if (!existsSync(installed)) throw new NeedsInstall(name)
  return run(installed, args)
}

/** As runTool, for a program that the system has. */
export function run(program: string, args: readonly string[]): string {
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    // The tools look for `node` in PATH, and the one that npm ci brings is the one they run on.
    env: { ...process.env, NO_COLOR: '1', PATH: `${bin}${delimiter}${process.env.PATH}` },
  })
  if (status === 0) return ''
  const said = `${stdout ?? ''}${stderr ?? ''}`.trim()
  return said || `${program} ended with ${error?.message ?? signal ?? `status ${status}`} and said nothing.`
}

/** Paths of the files that git has or, being neither ignored nor added yet, would take. */
export function listFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const { status, stdout, stderr, error } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`git cannot list the files of ${root}: ${error?.message ?? stderr}`)
  const paths = new Set(stdout.split('\0').filter((path) => path !== ''))
  return [...paths].filter((path) => lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile())
}
