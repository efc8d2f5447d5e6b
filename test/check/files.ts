/** Checks of files that need no tool of their own. Each answers with what is wrong, one line a fault. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NeedsInstall, root, run } from './tool.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')

export function shellFaults(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const shell = shellOf(path)
      return shell === undefined ? '' : run(shell, ['-n', path])
    })
    .filter(Boolean)
    .join('\n')
}

function shellOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  // Scripts carry no extension or .sh; anything else is not worth opening.
  if (name.lastIndexOf('.') > 0 && !name.endsWith('.sh')) return undefined
  const shebang = /^#!.*\b(bash|sh)\b/.exec(read(path).split('\n', 1)[0] ?? '')
  return shebang?.[1] ?? (name.endsWith('.sh') ? 'bash' : undefined)
}

/** GitLab's own tag, in files of CI. */
const REFERENCE = { tag: '!reference', collection: 'seq' as const, resolve: (list: unknown) => list }

export async function yamlFaults(paths: readonly string[]): Promise<string> {
  const yaml = await import('yaml').catch(() => {
    throw new NeedsInstall('yaml')
  })
  return paths
    .filter((path) => /\.ya?ml$/.test(path))
    .flatMap((path) =>
      [...yaml.parseAllDocuments(read(path), { customTags: [REFERENCE] })].map((document) => ({
        path,
        document,
      })),
    )
    .flatMap(({ path, document }) =>
      [...document.errors, ...document.warnings].map(({ message }) => `${path}: ${message.trimEnd()}`),
    )
    .join('\n')
}

/** Those that may hold comments (tsconfig) are read by the tools that own them. */
export function jsonFaults(paths: readonly string[]): string {
  return paths
    .filter((path) => path.endsWith('.json') && !/(^|\/)tsconfig[^/]*$/.test(path))
    .flatMap((path) => {
      try {
        JSON.parse(read(path))
        return []
      } catch (error) {
        return [`${path}: ${(error as Error).message}`]
      }
    })
    .join('\n')
}

export function lockfileFaults(paths: readonly string[]): string {
  return paths
    .filter((path) => /(^|\/)package-lock\.json$/.test(path))
    .flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, index) =>
          /"resolved": "http/.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
        ),
    )
    .join('\n')
}
