/** Configurations in the shape of well-known public projects, with what their jobs ask for written down by hand. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type CiFiles, readCiConfig } from '../../../../shared/schema/ci-config/index.ts'

const folder = join(import.meta.dirname, '../../../fixtures/ci')

/** What is left out: nothing. `container`: it needs an executor that starts its image. */
type ExpectedJob = {
  name: string
  kind?: string
  tags?: string[] | null
  image?: string
  services?: string[]
  container?: boolean
  architecture?: string
  gpu?: string
  memoryGb?: number
  zone?: string
}
type Expected = { gaps: string[]; jobs: ExpectedJob[] }

const filesOf = (root: string): CiFiles => ({
  read: (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined),
  list: (pattern) => globSync(pattern, { cwd: root }).sort(),
})

describe.each(readdirSync(folder))('%s', (project) => {
  const expected = parse(readFileSync(join(folder, project, 'expected.yaml'), 'utf8'), {
    merge: true,
  }) as Expected
  const config = readCiConfig('.gitlab-ci.yml', filesOf(join(folder, project)))

  test('has the jobs, in their order, that ask for what they ask for', () => {
    const jobs = config.jobs.map(({ name, kind, tags, image, services, needs }) => ({
      name,
      kind,
      tags,
      image,
      services,
      needs: { ...needs, executors: needs.executors?.includes('kubernetes') ?? false },
    }))
    const wanted = expected.jobs.map((job) => ({
      name: job.name,
      kind: job.kind ?? 'job',
      tags: job.tags === undefined ? [] : job.tags,
      image: job.image ?? null,
      services: job.services ?? [],
      needs: {
        executors: job.container ?? false,
        architecture: job.architecture ?? null,
        gpu: job.gpu ?? null,
        memoryGb: job.memoryGb ?? null,
        zone: job.zone ?? null,
      },
    }))
    expect(jobs).toEqual(wanted)
  })

  test('names the includes that cannot be read here', () => {
    expect(config.gaps.map(({ what }) => what)).toEqual(expected.gaps)
  })

  test('says why, of each job whose tags are not known', () => {
    const silent = config.jobs.filter(({ tags, unknown }) => tags === null && unknown.length === 0)
    expect(silent.map(({ name }) => name)).toEqual([])
  })
})
