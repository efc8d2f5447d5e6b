import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { capabilitiesOf } from '../../../shared/domain/capabilities.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import { fleetWith, runnerOf } from '../../support/builders.ts'

describe('the capabilities of the example fleet', () => {
  const file = join(import.meta.dirname, '../../../shared/fleet.example.yaml')
  const of = Object.fromEntries(
    capabilitiesOf(parseFleet(readFileSync(file, 'utf8'))).map((one) => [one.tag, one]),
  )
  const docker = [
    'gitlab-runner-nordic',
    'Mac Docker Runner',
    'Mac2 Docker Runner',
    'Linux Yoga Docker Runner',
  ]
  const shell = ['Mac Shell Runner', 'Mac2 Shell Runner', 'Linux Yoga Shell Runner']
  const kubernetes = ['Mac K8s Runner', 'Mac2 K8s Runner', 'Linux Yoga K8s Runner', 'Nordic K8s Runner']

  // What the owner says of the tags: who carries them, and so what they promise.
  test.each([
    ['docker-any', docker, { executor: 'docker', machine: null }],
    ['shell-any', [...shell, 'gitlab-runner-nordic'], { executor: null, machine: null }],
    ['k8s-any', kubernetes, { executor: 'kubernetes', machine: null }],
    ['any-runner', [...docker, ...shell, ...kubernetes], { executor: null, machine: null }],
    [
      'mac-any',
      ['Mac Docker Runner', 'Mac Shell Runner', 'Mac K8s Runner'],
      { executor: null, machine: 'mac' },
    ],
    [
      'linux-any',
      ['Linux Yoga Docker Runner', 'Linux Yoga Shell Runner', 'Linux Yoga K8s Runner'],
      { executor: null, machine: 'linux-yoga' },
    ],
    ['gcp-any', ['gitlab-runner-nordic', 'Nordic K8s Runner'], { executor: null, machine: 'nordic' }],
  ])('%s is carried by whom the owner says, and guarantees what they share', (tag, runners, guarantees) => {
    expect(of[tag]?.runners.toSorted()).toEqual(runners.toSorted())
    expect(of[tag]?.guarantees).toMatchObject(guarantees)
    expect(of[tag]?.arm).toBeNull()
  })

  test('nordic routes to gitlab-runner-nordic, and with it to docker', () => {
    expect(of.nordic).toMatchObject({
      arm: 'gitlab-runner-nordic',
      guarantees: { executor: 'docker', machine: 'nordic' },
    })
    expect(of['mac2-shell']?.arm).toBe('Mac2 Shell Runner')
    expect(Object.values(of).filter(({ arm }) => arm !== null)).toHaveLength(11)
  })

  test('dead tags are none', () => {
    for (const dead of ['local-shell', 'gcp-shell', 'gcp-docker']) expect(of[dead]).toBeUndefined()
  })
})

test('what one of its runners lacks, or is not known to have, no tag guarantees', () => {
  const a = runnerOf({ name: 'a', tags: ['gpu'], gpu: 'A100', architecture: 'amd64', zone: 'z' })
  const b = runnerOf({ name: 'b', tags: ['gpu', 'own'], gpu: 'T4', architecture: null, zone: 'z' })
  const fleet = fleetWith({ id: 'a', tag: null, runners: [a] }, { id: 'b', tag: 'own', runners: [b] })
  expect(capabilitiesOf(fleet)).toEqual([
    {
      tag: 'gpu',
      runners: ['a', 'b'],
      has: {
        executor: ['docker'],
        architecture: ['amd64'],
        machine: ['m'],
        zone: ['z'],
        gpu: ['A100', 'T4'],
      },
      guarantees: { executor: 'docker', architecture: null, machine: 'm', zone: 'z', gpu: null },
      arm: null,
    },
    {
      tag: 'own',
      runners: ['b'],
      has: { executor: ['docker'], architecture: [], machine: ['m'], zone: ['z'], gpu: ['T4'] },
      guarantees: { executor: 'docker', architecture: null, machine: 'm', zone: 'z', gpu: 'T4' },
      arm: 'b',
    },
  ])
})

test('having no GPU is no capability', () => {
  const a = runnerOf({ name: 'a', tags: ['x'], gpu: 'none' })
  const [x] = capabilitiesOf(fleetWith({ id: 'a', tag: 'x', runners: [a] }))
  expect([x?.has.gpu, x?.guarantees.gpu]).toEqual([[], null])
})
