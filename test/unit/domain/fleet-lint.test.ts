import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type AskingJob, type Finding, lintFleet } from '../../../shared/domain/fleet-lint.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'

const example = readFileSync(join(import.meta.dirname, '../../../shared/fleet.example.yaml'), 'utf8')

/** A fleet in which all is well: two executors, three runners each. */
const clean = `machines: { m: {} }
executors: [docker, shell]
projects: [{ name: app, id: 1 }, { name: crm, id: 2 }]
runners:
  - { name: d1, machine: m, executor: docker, tags: [docker-any, all, d1], projects: [app, crm] }
  - { name: d2, machine: m, executor: docker, tags: [docker-any, all, d2] }
  - { name: d3, machine: m, executor: docker, tags: [docker-any, all, d3] }
  - { name: s1, machine: m, executor: shell, tags: [shell-any, all, s1] }
  - { name: s2, machine: m, executor: shell, tags: [shell-any, all, s2] }
  - { name: s3, machine: m, executor: shell, tags: [shell-any, all, s3] }
`
const job = (jobName: string, tags: string[], project = ['g/app', '1', 'app']): AskingJob => ({
  projectNames: project,
  jobName,
  tags,
})
const lint = (text: string, jobs: AskingJob[] | null = null) => lintFleet(parseFleet(text), jobs)
const brief = (findings: Finding[]) => findings.map(({ severity, code, about }) => [severity, code, about])
/** The clean fleet, in which something was exchanged. */
const but = (from: string, to: string) => {
  expect(clean).toContain(from)
  return clean.replace(from, to)
}

test('a clean fleet has no findings, nor have jobs that it can take', () => {
  expect(lint(clean)).toEqual([])
  expect(
    lint(clean, [job('unit', ['docker-any']), job('lint', ['s1']), job('all', ['docker-any', 'all'])]),
  ).toEqual([])
})

describe('the first fleet', () => {
  test('has its dead tags and one tag of another executor noted, and nothing graver', () => {
    expect(brief(lint(example))).toEqual([
      ['note', 'dead_tag', 'gcp-docker'],
      ['note', 'dead_tag', 'gcp-shell'],
      ['note', 'dead_tag', 'local-shell'],
      ['note', 'tag_of_another_executor', 'gitlab-runner-nordic'],
    ])
    expect(lint(example)[3]?.message).toBe(
      'gitlab-runner-nordic (docker) carries "shell-any", as otherwise only shell runners do: a job that asks for it may get either.',
    )
  })

  test('cannot serve jobs that ask for a dead tag', () => {
    const findings = lint(example, [
      job('deploy', ['local-shell']),
      job('build', ['gcp-docker', 'any-runner']),
      job('deploy', ['local-shell'], ['g/crm', '2', 'crm']),
    ])
    expect(brief(findings).slice(0, 2)).toEqual([
      ['error', 'dead_tag_asked_for', 'gcp-docker'],
      ['error', 'dead_tag_asked_for', 'local-shell'],
    ])
    expect(findings[1]?.message).toBe(
      'The jobs g/app: deploy, g/crm: deploy ask for the dead tag "local-shell", which no runner carries: such a job waits until it is dropped.',
    )
    expect(brief(findings).slice(2)).toContainEqual(['note', 'dead_tag', 'gcp-shell'])
    expect(findings.filter(({ code }) => code === 'dead_tag')).toHaveLength(1)
  })
})

describe('a job', () => {
  test('that asks for a tag that nobody carries is told of, with the one that may be meant', () => {
    const [finding, ...others] = lint(clean, [job('unit', ['Docker-Any'])])
    expect(others).toEqual([])
    expect(finding).toEqual({
      severity: 'error',
      code: 'tag_without_runner',
      about: 'Docker-Any',
      message:
        'The job g/app: unit asks for "Docker-Any", which no runner carries: such a job waits until it is dropped. Tags are case-sensitive: "docker-any" is carried.',
    })
  })

  test.each([
    ['nobody carries all of its tags', clean, ['d1', 's1']],
    ['it has no tags and nobody takes such', clean, []],
    [
      'who carries its tag is paused',
      but('tags: [docker-any, all, d1]', 'tags: [docker-any, all, d1], paused: true'),
      ['d1'],
    ],
    ['who carries its tag is for another project', but('projects: [app, crm]', 'projects: [crm]'), ['d1']],
  ])('that nobody may take since %s is told of', (_, text, tags) => {
    const errors = lint(text, [job('unit', tags)]).filter(({ severity }) => severity === 'error')
    expect(brief(errors)).toEqual([['error', 'job_without_runner', 'g/app: unit']])
    expect(errors[0]?.message).toMatch(/^g\/app: unit: No runner can take this job/)
  })

  test('that only protected refs may run is none of them', () => {
    const text = but('tags: [docker-any, all, d1]', 'tags: [docker-any, all, d1], ref_protected: true')
    expect(lint(text, [job('deploy', ['d1'])])).toEqual([])
  })
})

describe('what is said of availability', () => {
  const tags = 'availability: { tags: [nosuch, all, nosuch] }\n'
  const start = 'availability: { start: true }\n'
  const vm = 'vm: { name: v, zone: z }'

  test('watches no tag that nobody carries', () => {
    expect(brief(lint(clean + tags))).toEqual([['warning', 'watched_tag_without_runner', 'nosuch']])
    expect(lint(clean + tags)[0]?.message).toContain('"nosuch"')
  })

  test.each([
    ['no machine is a virtual one', 'm: {}', 1],
    ['it is not known what one costs', `m: { ${vm} }`, 1],
    ['one has a cost and is none', 'm: { cost_per_hour_eur: 1 }', 1],
    ['one has both', `m: { cost_per_hour_eur: 1, ${vm} }`, 0],
  ])('starts machines: %s', (_, machine, findings) => {
    const text = but('m: {}', machine)
    expect(brief(lint(text + start))).toEqual(
      Array.from({ length: findings }, () => ['warning', 'nothing_to_start', 'availability']),
    )
    expect(lint(text)).toEqual([])
  })
})

test.each<[string, string, string[]]>([
  [
    'a project that all others of the executor serve',
    but('projects: [app, crm]', 'projects: [crm]'),
    ['warning', 'project_missing', 'd1'],
  ],
  [
    'a tag of another executor',
    but('[shell-any, all, s1]', '[shell-any, all, s1, docker-any]'),
    ['note', 'tag_of_another_executor', 's1'],
  ],
  [
    'the tag of all its peers missing',
    but('[docker-any, all, d2]', '[all, d2]'),
    ['warning', 'peer_tag_missing', 'd2'],
  ],
  [
    'two spellings of one tag',
    but('[docker-any, all, d2]', '[docker-any, all, d2, D1]'),
    ['warning', 'case_variants', 'D1, d1'],
  ],
  ['an arm that nothing routes to', but('all, d2]', 'all]'), ['warning', 'no_routing_tag', 'd2']],
  [
    'an unknown executor',
    but('executors: [docker, shell]', 'executors: [docker, shell, unknown]').replace(
      'executor: shell, tags: [shell-any, all, s3]',
      'executor: unknown, tags: [all, s3]',
    ),
    ['warning', 'executor_unknown', 's3'],
  ],
])('%s is found', (_, text, expected) => {
  expect(brief(lint(text))).toEqual([expected])
})

test('says which projects are missing by their names', () => {
  const [finding] = lint(but('projects: [app, crm]', 'projects: [crm]'))
  expect(finding?.message).toBe('d1 does not serve app, as every other docker runner does.')
})

test('of two runners that differ neither is taken for the odd one', () => {
  const two = clean.replaceAll(/^.*name: [ds]3.*\n/gm, '')
  expect(lint(two.replace('[docker-any, all, d2]', '[all, d2]'))).toEqual([])
  // Nor is a tag that runners of several executors carry.
  expect(lint(clean.replace('[docker-any, all, d2]', '[docker-any, d2]'))).toEqual([])
})
