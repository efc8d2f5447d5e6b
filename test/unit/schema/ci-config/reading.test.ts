/** The text of a file: YAML as GitLab's own reader takes it. */
import { expect, test } from 'vitest'
import { faultsIn, readTexts, tagsIn } from '../../../support/ci-files.ts'

test('takes y and n for text, and yes, no, on and off for no tags', () => {
  expect(tagsIn('a: { script: x, tags: [y, n] }')).toEqual({ a: ['n', 'y'] })
  expect(faultsIn('a: { script: x, tags: [yes] }')).toEqual([
    '.gitlab-ci.yml:1: tags of "a" have to be a list of texts',
  ])
})

test('lets << write over what stands before it, and what follows write over it', () => {
  const text = `
.t: &t { tags: [anchor], image: anchor }
before: { tags: [own], <<: *t, script: x }
after: { <<: *t, tags: [own], script: x }
`
  expect(tagsIn(text)).toEqual({ before: ['anchor'], after: ['own'] })
})

test('gives the first of several merged hashes the last word', () => {
  const text = `
.a: &a { tags: [a] }
.b: &b { tags: [b], image: b }
job: { <<: [*a, *b], script: x }
`
  expect(readTexts(text).jobs).toMatchObject([{ tags: ['a'], image: 'b' }])
})

test('takes the last of two keys alike', () => {
  expect(tagsIn('a: { script: x, tags: [one], tags: [two] }')).toEqual({ a: ['two'] })
})

test('reads an alias as the newest anchor of its name before it', () => {
  expect(
    tagsIn('.x: &t [one]\na: { script: x, tags: *t }\n.y: &t [two]\nb: { script: x, tags: *t }'),
  ).toEqual({
    a: ['one'],
    b: ['two'],
  })
  expect(faultsIn('a: { script: x, tags: *t }')).toEqual([
    '.gitlab-ci.yml:1: is not YAML: there is no anchor "t" before it',
  ])
})

test('tells every fault at once, each with its file and line', () => {
  const faults = faultsIn({
    '.gitlab-ci.yml': `include: [{ local: a.yml }, { local: gone.yml }]
a:
  extends: .nowhere
b:
  script: x
  tags: one
c: 3
d:
  image: x
`,
    'a.yml': 'e:\n  tags: !reference [.no, tags]\n  script: x\n',
  })
  expect(faults).toEqual([
    '.gitlab-ci.yml:1: includes "gone.yml", which is not there',
    '.gitlab-ci.yml:2: "a" has no script, run or trigger',
    '.gitlab-ci.yml:3: "a" extends ".nowhere", which is nowhere',
    '.gitlab-ci.yml:6: tags of "b" have to be a list of texts',
    '.gitlab-ci.yml:7: "c" is no keyword of GitLab, and no job',
    '.gitlab-ci.yml:8: "d" has no script, run or trigger',
    'a.yml:2: !reference [".no","tags"] leads nowhere',
  ])
})

test('says where a text is no YAML, in GitLab’s bounds of size and depth', () => {
  expect(faultsIn('a: [')).toEqual([expect.stringMatching(/^\.gitlab-ci\.yml:1: is not YAML: /)])
  expect(faultsIn(`a: ${'['.repeat(3000)}${']'.repeat(3000)}`)).toEqual([expect.stringContaining('nested')])
  expect(faultsIn(`a: ${'x'.repeat(2_000_001)}`)).toEqual([expect.stringContaining('longer than')])
  expect(faultsIn('- a\n- b')).toEqual(['.gitlab-ci.yml:1: has to be a hash of jobs and keywords'])
})

test('unfolds no text without end, by aliases of aliases', () => {
  const levels = Array.from({ length: 12 }, (_, n) => `.l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(10)}]`)
  expect(faultsIn(['.l0: &l0 [x]', ...levels].join('\n'))).toEqual([
    expect.stringContaining('cannot be read: more than'),
  ])
  expect(faultsIn('.a: &a [*a]')).toEqual([expect.stringContaining('cannot be read: nested deeper')])
})

test('finds no jobs in an empty file, nor in one of keywords and hidden jobs', () => {
  expect(readTexts('').jobs).toEqual([])
  expect(
    readTexts('stages: [a]\nworkflow: { rules: [] }\n.hidden: { script: x }\nvariables: { A: b }').jobs,
  ).toEqual([])
})

test('says of a trigger that it needs no runner, whatever default says', () => {
  const [job] = readTexts('default: { tags: [a], image: b }\nx: { trigger: group/app }').jobs
  expect(job).toMatchObject({ kind: 'trigger', tags: [], image: null })
})
