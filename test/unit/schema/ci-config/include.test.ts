/** include and spec:inputs. */
import { expect, test } from 'vitest'
import { faultsIn, readTexts, tagsIn } from '../../../support/ci-files.ts'

test('merges what is included first, in its order, and the file itself last', () => {
  const texts = {
    '.gitlab-ci.yml': 'include: [a.yml, { local: /b.yml }]\njob: { image: own }',
    'a.yml': 'job: { script: x, tags: [a], image: a }',
    'b.yml': 'include: c.yml\njob: { tags: [b] }',
    'c.yml': 'job: { tags: [c], services: [c] }',
  }
  expect(readTexts(texts).jobs).toMatchObject([{ tags: ['b'], image: 'own', services: ['c'] }])
})

test('names what only GitLab can read, and goes on with the rest', () => {
  const text = `
include:
  - template: Jobs/Build.gitlab-ci.yml
  - https://example.com/ci.yml
  - { project: group/ci, file: [a.yml, b.yml], ref: v1 }
  - component: $CI_SERVER_FQDN/group/c/lint@1
  - local: ci/$NAME.yml
job: { script: x, tags: [a] }
other: { extends: .remote, tags: [b] }
open: { extends: [.remote] }
asks: { script: x, tags: !reference [.remote, tags] }
`
  const { jobs, gaps } = readTexts(text)
  expect(gaps.map(({ what, at }) => `${at.line}: ${what}`)).toEqual([
    '3: template "Jobs/Build.gitlab-ci.yml"',
    '2: remote "https://example.com/ci.yml"',
    '5: project "group/ci", file "a.yml", "b.yml"',
    '6: component "$CI_SERVER_FQDN/group/c/lint@1"',
    '7: local "ci/$NAME.yml", whose name depends on a variable',
  ])
  expect(jobs.map(({ name, tags }) => [name, tags])).toEqual([
    ['job', ['a']],
    ['other', ['b']],
    ['open', null],
    ['asks', null],
  ])
  expect(jobs.at(3)?.unknown).toEqual([
    'its tags: !reference [".remote","tags"] is of an include that cannot be read here',
  ])
})

test('says who includes itself, and who is no YAML file', () => {
  const texts = {
    '.gitlab-ci.yml': 'include: [a.yml, b.txt]',
    'a.yml': 'include: c.yml',
    'c.yml': 'include: a.yml',
    'b.txt': '',
  }
  expect(faultsIn(texts)).toEqual([
    '.gitlab-ci.yml:1: includes "b.txt", whose name does not end in .yml or .yaml',
    'c.yml:1: includes itself: a.yml → c.yml → a.yml',
  ])
})

test('includes 150 files, and no more', () => {
  const many = (count: number) => ({
    '.gitlab-ci.yml': 'include: ci/*.yml',
    ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`ci/${n}.yml`, `job${n}: { script: x }`])),
  })
  expect(readTexts(many(150)).jobs).toHaveLength(150)
  expect(faultsIn(many(151))).toEqual(['.gitlab-ci.yml:1: includes more than 150 files in all'])
})

const withInputs = (include: string, spec: string) => ({
  '.gitlab-ci.yml': `include: { local: t.yml, inputs: ${include} }`,
  't.yml': `spec: { inputs: ${spec} }\n---\n"job-$[[ inputs.a ]]": { tags: ["$[[ inputs.b ]]", "n$[[inputs.c|truncate(1,2)]]"], script: x }\n`,
})

test('fills in inputs: in keys, in texts, and whole with their type', () => {
  const spec = '{ a: , b: { type: array }, c: { default: "1234" } }'
  expect(tagsIn(withInputs('{ a: one, b: [x, z] }', spec))).toEqual({ 'job-one': ['n23', 'x', 'z'] })
})

test('says what is wrong with inputs', () => {
  const spec = '{ a: { options: [one, two] }, b: { type: array }, c: { type: number, default: 1 } }'
  expect(faultsIn(withInputs('{ a: three, c: x, d: 1 }', spec))).toEqual([
    '.gitlab-ci.yml:1: gives "d", which is no input of the file',
    '.gitlab-ci.yml:1: gives the input "a" none of its options',
    '.gitlab-ci.yml:1: gives no value for the input "b", which has no default',
    '.gitlab-ci.yml:1: gives the input "c" no number',
  ])
  const undeclared = faultsIn(withInputs('{ a: one }', '{ a: }'))
  expect(undeclared.join('\n')).toContain('"inputs.b", which spec: inputs does not declare')
})

test('leaves open what the first file is given when the pipeline is created', () => {
  const text =
    'spec: { inputs: { pool: , size: { default: small } } }\n---\njob: { script: x, tags: ["$[[ inputs.pool ]]", a] }\nb: { script: x, tags: ["$[[ inputs.size ]]"] }'
  const { jobs } = readTexts(text)
  expect(jobs.map(({ tags }) => tags)).toEqual([null, ['small']])
  expect(jobs[0]?.unknown).toEqual(['its tags: the input "pool" is given when the pipeline is created'])
})

test('does not grow without end by inputs that double', () => {
  const files = Array.from({ length: 40 }, (_, n) => [
    `t${n}.yml`,
    `spec: { inputs: { a: } }\n---\ninclude: { local: t${n + 1}.yml, inputs: { a: "$[[ inputs.a ]]$[[ inputs.a ]]" } }\n`,
  ])
  const texts = {
    '.gitlab-ci.yml': 'include: { local: t0.yml, inputs: { a: xxxxxxxx } }',
    ...Object.fromEntries(files),
  }
  expect(faultsIn(texts)).toContainEqual(expect.stringContaining('becomes longer than'))
})
