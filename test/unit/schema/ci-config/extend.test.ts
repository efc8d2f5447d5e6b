/** extends, !reference, default and inherit. */
import { expect, test } from 'vitest'
import { faultsIn, readTexts, tagsIn } from '../../../support/ci-files.ts'

test('merges hashes of parents and replaces their lists, the later parent over the earlier', () => {
  const text = `
.a: { tags: [a, b], variables: { X: "1", Y: "1" } }
.b: { tags: [c], variables: { Y: "2" } }
job: { extends: [.a, .b], variables: { Z: "3" }, script: x, image: "$X-$Y-$Z" }
`
  expect(readTexts(text).jobs).toMatchObject([{ tags: ['c'], image: '1-2-3' }])
})

test('takes back what a parent said by null, and then default counts', () => {
  const text = `
default: { tags: [d], image: di }
.a: { tags: [a], image: ai, script: x }
one: { extends: .a, image: null }
two: { extends: .a, tags: [] }
`
  expect(readTexts(text).jobs).toMatchObject([
    { tags: ['a'], image: 'di', tagsFrom: 'job' },
    { tags: [], image: 'ai', tagsFrom: 'job' },
  ])
})

const chain = (levels: number) =>
  Array.from({ length: levels - 1 }, (_, n) => `.j${n + 1}: { extends: .j${n + 2} }`)
    .concat(`.j${levels}: { script: x, tags: [deep] }`)
    .join('\n')

test('extends over eleven levels, and over no more', () => {
  expect(tagsIn(`${chain(10)}\njob: { extends: .j1 }`)).toEqual({ job: ['deep'] })
  expect(faultsIn(`${chain(11)}\njob: { extends: .j1 }`)).toContainEqual(
    expect.stringContaining('more than 11 levels'),
  )
  expect(faultsIn(`job: { extends: .j1 }\n${chain(300)}`)).toContainEqual(
    expect.stringContaining('more than 11 levels'),
  )
})

test('says who extends itself', () => {
  expect(faultsIn('.a: { extends: .b }\n.b: { extends: .a }')).toEqual([
    '.gitlab-ci.yml:2: ".b" extends itself: .a → .b → .a',
  ])
})

test('puts what a !reference names into its place, after parents are merged', () => {
  const text = `
.base: { tags: [x] }
.linux: { extends: .base, image: { name: ruby } }
job:
  tags: [!reference [.linux, tags], own]
  image: !reference [.linux, image]
  variables: !reference [.vars, variables]
  script: [!reference [.linux, nothing]]
.vars: { variables: { A: b } }
`
  expect(faultsIn(text)).toEqual(['.gitlab-ci.yml:8: !reference [".linux","nothing"] leads nowhere'])
  expect(readTexts(text.replace('nothing', 'tags')).jobs).toMatchObject([
    { tags: ['own', 'x'], image: 'ruby' },
  ])
})

test('follows ten references after one another, and no more, nor in circles', () => {
  const refs = (count: number) =>
    Array.from({ length: count }, (_, n) => `.r${n}: { v: !reference [.r${n + 1}, v] }`)
      .concat(`.r${count}: { v: [end] }`)
      .join('\n')
  const job = 'job: { script: x, tags: !reference [.r0, v] }'
  expect(tagsIn(`${job}\n${refs(9)}`)).toEqual({ job: ['end'] })
  expect(faultsIn(`${job}\n${refs(10)}`)).toContainEqual(expect.stringContaining('over more than 10'))
  expect(faultsIn(`${job}\n.r0: { v: !reference [.r1, v] }\n.r1: { v: !reference [.r0, v] }`)).toContainEqual(
    expect.stringContaining('leads back to itself'),
  )
})

test('takes on from default what inherit lets it', () => {
  const text = `
default: { tags: [d], image: i, services: [s] }
all: { script: x }
none: { script: x, inherit: { default: false } }
some: { script: x, inherit: { default: [image, services] } }
`
  expect(readTexts(text).jobs).toMatchObject([
    { tags: ['d'], tagsFrom: 'default', image: 'i', services: ['s'] },
    { tags: [], tagsFrom: 'nowhere', image: null, services: [] },
    { tags: [], tagsFrom: 'nowhere', image: 'i', services: ['s'] },
  ])
})

test('asks for an executor with containers only where the job itself names an image or a service', () => {
  const text = `
default: { image: i }
plain: { script: x }
own: { script: x, image: j }
served: { script: x, services: [s] }
`
  const containers = readTexts(text).jobs.map(({ needs }) => needs.executors !== null)
  expect(containers).toEqual([false, true, true])
})
