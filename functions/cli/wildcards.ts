/** The files of a working copy that a pattern of `include: local` matches, as GitLab matches it. */
import { type Dirent, readdirSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'

/** Of longer ones, and of paths as long, there are none. */
const MAX_PATTERN = 1_024
const MAX_PATH = 4_096

/**
 * @param root of the working copy. Each of its folders is looked into once, whatever is asked.
 * @returns the paths below it that match, with `/`, sorted; without `.git` and what a link leads to.
 */
export function wildcardsIn(root: string): (pattern: string) => string[] {
  const looked = new Map<string, readonly Dirent[]>()
  return (pattern) => {
    if (pattern.length > MAX_PATTERN) return []
    const literal = pattern.slice(0, pattern.indexOf('*'))
    const start = literal.slice(0, literal.lastIndexOf('/') + 1)
    const full = resolve(root, start)
    if (full !== root && !full.startsWith(root + sep)) return []
    const matches = matcherOf(pattern)
    const deepest = pattern.includes('**') ? Number.POSITIVE_INFINITY : pattern.split('/').length
    return filesBelow(start, deepest).filter(matches).sort()
  }

  function filesBelow(start: string, deepest: number): string[] {
    const found: string[] = []
    const folders = [start]
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of entriesOf(folder)) {
        const path = folder + entry.name
        if (entry.isFile()) found.push(path)
        else if (entry.isDirectory() && entry.name !== '.git' && path.split('/').length < deepest)
          folders.push(`${path}/`)
      }
    }
    return found
  }

  function entriesOf(folder: string): readonly Dirent[] {
    const known = looked.get(folder) ?? readOrNothing(join(root, folder))
    looked.set(folder, known)
    return known
  }
}

/** Added to the number of a part: in the midst of what it stands for. */
const WITHIN = 0.5

/**
 * `*` is any text without a slash, `**` any text, and `**` with a slash after it any folders or none; all else stands for
 * itself (Repository#search_files_by_wildcard_path). Takes path times pattern, where a regular expression may take more.
 */
export function matcherOf(pattern: string): (path: string) => boolean {
  const parts = pattern.match(/\*\*\/|\*\*|\*|[^*]/gsu) ?? []
  return (path) => {
    if (path.length > MAX_PATH) return false
    // How many parts may be used up by what was looked at of the path.
    let at = reached([0])
    for (const character of path) {
      at = reached([...at].flatMap((index) => after(index, character)))
      if (at.size === 0) return false
    }
    return at.has(parts.length)
  }

  function after(index: number, character: string): number[] {
    if (!Number.isInteger(index)) return character === '/' ? [index, index + WITHIN] : [index]
    const part = parts[index]
    if (part === '**' || (part === '*' && character !== '/')) return [index]
    return part === character ? [index + 1] : []
  }

  /** Stars may also stand for nothing. */
  function reached(indexes: readonly number[]): Set<number> {
    const all = new Set(indexes)
    for (const index of all) {
      const part = parts[index]
      if (part?.startsWith('*')) all.add(index + 1)
      if (part === '**/') all.add(index + WITHIN)
    }
    return all
  }
}

function readOrNothing(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
