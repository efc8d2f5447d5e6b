/** A fleet.yaml that describes the runners of a played GitLab. YAML reads JSON. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CiProject, CiRunner } from './ci-runner.ts'

export type FleetWords = {
  projects: readonly (Partial<CiProject> & { id: number; path: string; words?: Record<string, unknown> })[]
  runners: readonly CiRunner[]
  /** Whatever else stands in the file: `mode`, `canary`, `rules`, `arms` … */
  words?: Record<string, unknown>
}

/** @returns the file's path. */
export function writeFleetFile(folder: string, { projects, runners, words = {} }: FleetWords): string {
  const path = join(folder, 'fleet.yaml')
  const content = {
    machines: Object.fromEntries(runners.map(({ id }) => [`machine-${id}`, {}])),
    executors: [...new Set(runners.map(({ executor }) => executor))],
    projects: projects.map((one) => ({
      name: one.path.replaceAll('/', '-'),
      id: one.id,
      path: one.path,
      ...one.words,
    })),
    runners: runners.map((runner) => ({
      id: runner.id,
      name: runner.description,
      machine: `machine-${runner.id}`,
      executor: runner.executor,
      tags: runner.tags,
      run_untagged: runner.runUntagged,
      ref_protected: runner.accessLevel === 'ref_protected',
      paused: runner.paused,
    })),
    ...words,
  }
  writeFileSync(path, JSON.stringify(content, null, 1))
  return path
}
