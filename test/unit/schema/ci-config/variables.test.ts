/** Variables in tags and images, and parallel. */
import { expect, test } from 'vitest'
import { faultsIn, readTexts, tagsIn } from '../../../support/ci-files.ts'

test('expands variables of the file, the job, the matrix and who asks, the later over the earlier', () => {
  const text = `
variables: { A: global, B: global, C: global, D: global }
job:
  variables: { B: job, C: job, D: job }
  parallel: { matrix: [{ C: [matrix], D: [matrix] }] }
  script: x
  tags: [a-$A, "b-\${B}", "c-%C%", d-$D]
`
  expect(tagsIn(text, { D: 'given' })).toEqual({
    'job: [matrix, matrix]': ['a-global', 'b-job', 'c-matrix', 'd-given'],
  })
})

test('expands what variables hold, unless they say expand: false, and reads $$ as a dollar', () => {
  const text = `
variables:
  OUTER: "$INNER-x"
  INNER: { value: in, description: d }
  RAW: { value: "$INNER", expand: false }
job: { script: x, tags: [$OUTER, "r$RAW", "p$$INNER"] }
`
  expect(tagsIn(text)).toEqual({ job: ['in-x', 'p$INNER', 'r$INNER'] })
})

test('leaves tags open that hold a variable of elsewhere, or of a circle', () => {
  const text =
    'variables: { A: $B, B: $A }\none: { script: x, tags: [a, $NOPE] }\ntwo: { script: x, tags: ["$A"] }'
  expect(readTexts(text).jobs).toMatchObject([
    { tags: null, unknown: ['its tags hold $NOPE, which is set nowhere in the file'] },
    { tags: null },
  ])
  expect(tagsIn(text, { NOPE: 'n', B: 'b' })).toEqual({ one: ['a', 'n'], two: ['b'] })
})

test('takes on no variables of the file where inherit says so', () => {
  const text = `
variables: { A: a, B: b }
none: { script: x, image: "$A$B", inherit: { variables: false } }
some: { script: x, image: "$A$B", inherit: { variables: [B] } }
`
  expect(readTexts(text).jobs.map(({ image }) => image)).toEqual(['$A$B', '$Ab'])
})

test('names parallel jobs as GitLab does', () => {
  const text = `
shards: { script: x, parallel: 3, tags: ["n$CI_NODE_INDEX"] }
matrix:
  script: x
  parallel: { matrix: [{ OS: [linux, mac], V: [1, 2] }, { OS: win, V: 3 }] }
`
  expect(readTexts(text).jobs.map(({ name }) => name)).toEqual([
    'shards 1/3',
    'shards 2/3',
    'shards 3/3',
    'matrix: [linux, 1]',
    'matrix: [linux, 2]',
    'matrix: [mac, 1]',
    'matrix: [mac, 2]',
    'matrix: [win, 3]',
  ])
  expect(tagsIn(text)['shards 2/3']).toEqual(['n2'])
})

test('refuses what GitLab refuses of parallel', () => {
  const axis = `[${Array.from({ length: 15 }, (_, n) => n).join(', ')}]`
  expect(faultsIn('a: { script: x, parallel: 201 }')).toEqual([
    expect.stringContaining('a number from 1 to 200'),
  ])
  expect(faultsIn('a: { script: x, parallel: { matrix: 3 } }')).toEqual([
    expect.stringContaining('or a matrix'),
  ])
  expect(faultsIn(`a: { script: x, parallel: { matrix: [{ A: ${axis}, B: ${axis} }] } }`)).toEqual([
    expect.stringContaining('makes 225 jobs, and GitLab allows 200'),
  ])
  expect(faultsIn('a: { script: x, parallel: { matrix: [{ A: [] }] } }')).toEqual([
    expect.stringContaining('a list of variables with their values'),
  ])
})

test('refuses fifty tags and more, as GitLab does', () => {
  const tags = (count: number) =>
    `a: { script: x, tags: [${Array.from({ length: count }, (_, n) => `t${n}`).join(', ')}] }`
  expect(faultsIn(tags(49))).toEqual([])
  expect(faultsIn(tags(50))).toEqual([expect.stringContaining('fewer than 50')])
})

test('reads of variables what GitLab Runner lets a job choose', () => {
  const text = `
job:
  script: x
  variables:
    KUBERNETES_NODE_SELECTOR_A: kubernetes.io/arch=arm64
    KUBERNETES_NODE_SELECTOR_B: topology.kubernetes.io/zone=$ZONE
    KUBERNETES_MEMORY_REQUEST: 1500Mi
    NVIDIA_VISIBLE_DEVICES: all
    ZONE: europe-north1-a
none:
  script: x
  variables: { NVIDIA_VISIBLE_DEVICES: none, KUBERNETES_MEMORY_REQUEST: much, KUBERNETES_NODE_SELECTOR_A: x }
`
  expect(readTexts(text).jobs.map(({ needs }) => needs)).toEqual([
    { executors: null, architecture: 'arm64', gpu: 'any', memoryGb: 1.572864, zone: 'europe-north1-a' },
    { executors: null, architecture: null, gpu: null, memoryGb: null, zone: null },
  ])
})
