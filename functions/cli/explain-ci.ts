/** `explain --ci FILE`: reads the files here, where they are, and asks who may take their jobs. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { InvalidInputError } from '../../shared/errors.ts'
import { type CiFiles, readCiConfig } from '../../shared/schema/ci-config/index.ts'
import type { ExplainCiAnswer } from '../explain-ci.ts'
import { explainedCi } from '../local/say-ci.ts'
import { gitlabOf, operate } from './operate.ts'
import { wildcardsIn } from './wildcards.ts'

export type ExplainCiOptions = {
  ci: string
  project?: string
  ref?: string
  protected?: boolean
  variable?: Record<string, string>
}

/** `--project` is the command's own already. */
export function addCiOptions(command: Command): Command {
  return command
    .option('--ci <file>', 'instead: say of each job of a .gitlab-ci.yml which runners may take it')
    .option('--ref <branch>', 'with --ci: the branch or tag that the pipeline would be for')
    .option('--protected', 'with --ci: that branch or tag is protected')
    .option('--no-protected', 'with --ci: it is not')
    .addOption(
      new Option(
        '--variable <NAME=VALUE>',
        'with --ci: a variable of the project or pipeline; may be repeated',
      ).argParser(variable),
    )
    .addHelpText(
      'after',
      `
With --ci, GITLAB_API_TOKEN (scope api) and --project, GitLab itself merges the file's includes; else this program does
so, from the files beside it. Maintenance windows, heartbeats and free slots are not looked at. Exit code 1: some job has
no runner.`,
    )
}

export async function explainCi(options: ExplainCiOptions, command: Command): Promise<void> {
  const { project, ref, protected: isProtected, variable: variables = {} } = options
  const { path, files, lists } = gatherFiles(options.ci, variables)
  const given = {
    ...(project !== undefined && { project }),
    ...(ref !== undefined && { ref }),
    ...(isProtected !== undefined && { protected: isProtected }),
  }
  const input = { path, files, lists, variables, ...given, ...gitlabOf(command) }
  const answer = (await operate('explain-ci', input, command, explainedCi)) as ExplainCiAnswer
  if (answer.without_runner > 0) process.exitCode = 1
}

/** All files that a reading of the first asks for: a server that answers need not have them. */
export function gatherFiles(file: string, variables: Readonly<Record<string, string>> = {}) {
  if (!existsSync(file)) throw new InvalidInputError(`There is no file ${file}.`)
  const root = rootOf(file)
  const path = relative(root, realpathSync(file)).split(sep).join('/')
  const files: Record<string, string> = {}
  const lists: Record<string, string[]> = {}
  const matching = wildcardsIn(root)
  const reading: CiFiles = {
    read(wanted) {
      const text = textOf(root, wanted)
      if (text !== undefined) files[wanted] = text
      return text
    },
    list(pattern) {
      lists[pattern] ??= matching(pattern)
      return lists[pattern]
    },
  }
  try {
    readCiConfig(path, reading, new Map(Object.entries(variables)))
  } catch (error) {
    // The reading that counts says it again, unless GitLab reads it otherwise.
    if (!(error instanceof InvalidInputError)) throw error
  }
  return { path, files, lists }
}

/** The working copy that the file is in: includes begin there. */
function rootOf(file: string): string {
  const folder = dirname(realpathSync(file))
  for (let above = folder; ; above = dirname(above)) {
    if (existsSync(join(above, '.git'))) return above
    if (dirname(above) === above) return folder
  }
}

/** Undefined for what is no file of the working copy. */
function textOf(root: string, path: string): string | undefined {
  const full = resolve(root, path)
  if (!full.startsWith(root + sep) || !statSync(full, { throwIfNoEntry: false })?.isFile()) return undefined
  return readFileSync(full, 'utf8')
}

function variable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It has to be NAME=VALUE.')
  return { ...before, [name]: value }
}
