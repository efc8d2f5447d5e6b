import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { feasibleSet } from '../../../shared/domain/feasible.ts'
import { playedRunners } from '../../../shared/played-gitlab/index.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'

const file = join(import.meta.dirname, '../../../shared/fleet.example.yaml')
const fleet = parseFleet(readFileSync(file, 'utf8'), 'fleet.example.yaml')

// The first fleet and its tags, as the product fixes them.
const docker = ['gitlab-runner-nordic', 'Mac Docker Runner', 'Mac2 Docker Runner', 'Linux Yoga Docker Runner']
const shell = ['Mac Shell Runner', 'Mac2 Shell Runner', 'Linux Yoga Shell Runner']
const kubernetes = ['Mac K8s Runner', 'Mac2 K8s Runner', 'Linux Yoga K8s Runner', 'Nordic K8s Runner']
const all = [...docker, ...shell, ...kubernetes]
const sharedTags: Record<string, string[]> = {
  'docker-any': docker,
  'shell-any': [...shell, 'gitlab-runner-nordic'],
  'k8s-any': kubernetes,
  'any-runner': all,
  'mac-any': ['Mac Docker Runner', 'Mac Shell Runner', 'Mac K8s Runner'],
  'linux-any': ['Linux Yoga Docker Runner', 'Linux Yoga Shell Runner', 'Linux Yoga K8s Runner'],
  'gcp-any': ['gitlab-runner-nordic', 'Nordic K8s Runner'],
}
const ownTags: Record<string, string> = {
  nordic: 'gitlab-runner-nordic',
  'mac-docker': 'Mac Docker Runner',
  'mac2-docker': 'Mac2 Docker Runner',
  'linux-docker': 'Linux Yoga Docker Runner',
  'mac-shell': 'Mac Shell Runner',
  'mac2-shell': 'Mac2 Shell Runner',
  'linux-shell': 'Linux Yoga Shell Runner',
  'mac-k8s': 'Mac K8s Runner',
  'mac2-k8s': 'Mac2 K8s Runner',
  'linux-k8s': 'Linux Yoga K8s Runner',
  'nordic-k8s': 'Nordic K8s Runner',
}
const runners = [...fleet.arms.values()].flatMap((arm) => arm.runners)
const reachedBy = (tag: string, project = 'portal') =>
  feasibleSet(fleet.arms.keys(), fleet, { projectNames: [project], tags: [tag], refProtected: false })
    .feasible

describe('the example fleet', () => {
  test('has eleven arms of one runner each, on four machines, with three executors', () => {
    expect([...fleet.arms.keys()].toSorted()).toEqual(all.toSorted())
    expect(runners.map(({ name }) => name).toSorted()).toEqual(all.toSorted())
    expect(new Set(runners.map(({ machine }) => machine)).size).toBe(4)
    for (const [executor, names] of Object.entries({ docker, shell, kubernetes })) {
      const found = runners.filter((runner) => runner.executor === executor).map(({ name }) => name)
      expect(found.toSorted()).toEqual(names.toSorted())
    }
  })

  test.each(Object.entries(sharedTags))('reaches with %s the runners that the owner says', (tag, names) => {
    expect(
      runners
        .filter(({ tags }) => tags.has(tag))
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(names.toSorted())
    expect(reachedBy(tag)).toEqual(names.filter((name) => name !== 'Nordic K8s Runner').toSorted())
  })

  test.each(Object.entries(ownTags))('routes with %s to one runner only', (tag, name) => {
    expect(fleet.arms.get(name)?.tag).toBe(tag)
    expect(runners.filter(({ tags }) => tags.has(tag)).map((runner) => runner.name)).toEqual([name])
  })

  test('has no tags but these', () => {
    const tags = new Set(runners.flatMap((runner) => [...runner.tags]))
    expect([...tags].toSorted()).toEqual([...Object.keys(sharedTags), ...Object.keys(ownTags)].toSorted())
  })

  test('has one runner offline, serves all five projects, and takes no untagged jobs', () => {
    expect(runners.filter(({ online }) => !online).map(({ name }) => name)).toEqual(['Nordic K8s Runner'])
    for (const project of ['backoffice', 'corporate', 'crm', 'clarissa', 'portal']) {
      expect(reachedBy('any-runner', project)).toHaveLength(10)
    }
    expect(runners.some(({ runUntagged }) => runUntagged)).toBe(false)
  })

  test('is the fleet that the played GitLab has', () => {
    const described = runners.map((runner) => ({
      name: runner.name,
      executor: runner.executor,
      tags: [...runner.tags].toSorted(),
      runUntagged: runner.runUntagged,
      protected: runner.refProtected,
      paused: runner.paused,
      online: runner.online,
    }))
    const played = playedRunners.map((runner) => ({
      name: runner.description,
      executor: runner.executor,
      tags: runner.tags.toSorted(),
      runUntagged: runner.runUntagged,
      protected: runner.protected,
      paused: runner.paused,
      online: runner.online,
    }))
    expect(played).toEqual(described)
  })

  test('flags the dead tags and has a fallback that somebody serves', () => {
    expect(fleet.deadTags).toEqual(new Set(['local-shell', 'gcp-shell', 'gcp-docker']))
    for (const tag of fleet.deadTags) expect(reachedBy(tag)).toEqual([])
    expect(reachedBy(fleet.fallbackTag ?? '').length).toBeGreaterThan(0)
  })

  test('can be routed to at a cost that is known of every runner', () => {
    for (const { costPerHourEur } of runners) expect(costPerHourEur).toBeGreaterThan(0)
  })
})
