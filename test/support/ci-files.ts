/** CI configurations out of texts. */
import { matchesGlob } from 'node:path'
import { InvalidInputError } from '../../shared/errors.ts'
import { type CiConfig, type CiFiles, readCiConfig } from '../../shared/schema/ci-config/index.ts'

type Texts = Readonly<Record<string, string>>

export const ROOT = '.gitlab-ci.yml'

export const ciFilesOf = (texts: Texts): CiFiles => ({
  read: (path) => (Object.hasOwn(texts, path) ? texts[path] : undefined),
  list: (pattern) =>
    Object.keys(texts)
      .filter((path) => matchesGlob(path, pattern))
      .sort(),
})

/** @param texts of the first file, or of several by their paths. */
export function readTexts(texts: string | Texts, variables: Texts = {}): CiConfig {
  const files = ciFilesOf(typeof texts === 'string' ? { [ROOT]: texts } : texts)
  return readCiConfig(ROOT, files, new Map(Object.entries(variables)))
}

/** The tags of each job, by its name. */
export function tagsIn(
  texts: string | Texts,
  variables: Texts = {},
): Record<string, readonly string[] | null> {
  return Object.fromEntries(readTexts(texts, variables).jobs.map(({ name, tags }) => [name, tags]))
}

/** What is said of a configuration that is at fault, a line each. */
export function faultsIn(texts: string | Texts): string[] {
  try {
    readTexts(texts)
  } catch (error) {
    if (error instanceof InvalidInputError)
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim().slice(2))
    throw error
  }
  return []
}
