/** Small texts that ask for much work: read, or refused by a bound, and never a bug. */
import { expect, test } from 'vitest'
import { type CiFiles, readCiConfig, readingCiConfig } from '../../../../shared/schema/ci-config/index.ts'
import { startReading } from '../../../../shared/schema/ci-config/reading.ts'
import { faultsIn, ROOT, readTexts, tagsIn } from '../../../support/ci-files.ts'

const times = (count: number, line: (n: number) => string) => Array.from({ length: count }, (_, n) => line(n))
const LARGE = 'is where reading ends: the files are, or become, too large (more than 2500000 steps of work)'

test('the work of a reading is bounded: past it there is a fault, with its file and line', () => {
  const { work, refuseFaults } = startReading('a.yml')
  work(2_500_000, { file: 'a.yml', line: 1 })
  expect(refuseFaults).not.toThrow()
  expect(() => work(1, { file: 'b.yml', line: 7 })).toThrow()
  expect(refuseFaults).toThrow(`a.yml has 1 fault\n  - b.yml:7: ${LARGE}`)
})

test('a long text costs a fault more than a short one, and is told cut', () => {
  const { fault, refuseFaults } = startReading('a.yml')
  const message = 'x'.repeat(1_000_000)
  const at = { file: 'a.yml', line: 1 }
  for (let n = 0; n < 19; n++) fault(at, `${n}${message}`)
  expect(refuseFaults).toThrow(`0${'x'.repeat(999)} …`)
  expect(() => fault(at, message)).toThrow()
})

const JOBS = times(200, (n) => `j${n}: { script: x, tags: [a] }\n`).join('')
/** Files of the same text, that a pattern finds. */
const several = (count: number, text: string) => ({
  [ROOT]: 'include: "ci/*.yml"',
  ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`ci/${n}.yml`, text])),
})

test('a file is parsed once, however often it is included', () => {
  const lines = '\n'.repeat(30_000)
  const texts = { [ROOT]: `include: [${'b.yml,'.repeat(100)}]`, 'b.yml': lines + JOBS }
  expect(readTexts(texts).jobs).toHaveLength(200)
})

test('all files together are bounded, not only each', () => {
  const lines = '\n'.repeat(30_000)
  expect(readTexts(several(5, lines + JOBS)).jobs).toHaveLength(200)
  expect(faultsIn(several(20, lines))).toEqual([
    expect.stringMatching(/^ci\/\d+\.yml:\d+: is where reading ends/),
  ])
})

test('what is included often merges in little work, or is refused', () => {
  const many = {
    [ROOT]: `include: [${'b.yml,'.repeat(150)}]`,
    'b.yml': times(9_000, (n) => `.j${n}: x\n`).join(''),
  }
  expect(faultsIn(many)).toEqual([`.gitlab-ci.yml:1: ${LARGE}`])
})

test('includes that cannot be read count among the 150', () => {
  const text = (count: number) => `include:\n${'  - template: x\n'.repeat(count)}`
  expect(readTexts(text(150)).gaps).toHaveLength(150)
  expect(faultsIn(text(151))).toEqual(['.gitlab-ci.yml:152: includes more than 150 files in all'])
})

test('files are listed for 150 patterns, and no more', () => {
  let asked = 0
  const text = `include:\n${times(400, (n) => `  - "${n}*.yml"\n`).join('')}`
  const files: CiFiles = {
    read: (path) => (path === ROOT ? text : undefined),
    list: () => {
      asked += 1
      return []
    },
  }
  expect(() => readCiConfig(ROOT, files)).toThrow('includes more than 150 patterns in all')
  expect(asked).toBe(150)
})

test('a parent named many times over is merged once; others that take turns are bounded', () => {
  const parents = `.p:\n  variables:\n${times(1_000, (n) => `    V${n}: x\n`).join('')}.q: { variables: { V0: y } }\n`
  const job = (list: string) => `${parents}job: { script: x, tags: [$V0], extends: [${list}] }`
  expect(tagsIn(job(`.q, ${'.p,'.repeat(4_000)}`))).toEqual({ job: ['x'] })
  expect(tagsIn(job('.p, .q, .p, .q'))).toEqual({ job: ['y'] })
  expect(faultsIn(job('.p, .q,'.repeat(2_000)))).toEqual([`.gitlab-ci.yml:1004: ${LARGE}`])
})

test('a job has fifty services, and no more', () => {
  const text = (count: number) => `a:\n  script: x\n  services: [${'s,'.repeat(count)}]`
  expect(readTexts(text(50)).jobs[0]?.services).toHaveLength(50)
  expect(faultsIn(text(51))).toEqual(['.gitlab-ci.yml:3: "a" has more than 50 services'])
})

test('five thousand jobs, and no more', () => {
  const text = (count: number) => times(count, (n) => `j${n}: { script: x, parallel: 200 }\n`).join('')
  expect(readTexts(text(25)).jobs).toHaveLength(5_000)
  expect(faultsIn(text(100))).toEqual(['.gitlab-ci.yml:26: makes more than 5000 jobs'])
})

test('a name of 255 characters is GitLab’s longest, of a matrix, too', () => {
  const named = (length: number) => `${'j'.repeat(length)}: { script: x }`
  expect(faultsIn(named(255))).toEqual([])
  expect(faultsIn(named(256))).toEqual([expect.stringContaining('longer than 255')])
  expect(faultsIn(`j: { script: x, parallel: { matrix: [{ A: ${'a'.repeat(255)} }] } }`)).toHaveLength(1)
})

test('variables grow to ten thousand characters, where the fault names the place', () => {
  const text = (count: number, length = 100) =>
    `variables:\n  A: ${'x'.repeat(length)}\njob:\n  script: x\n  image: b\n  tags: ["${'$A'.repeat(count)}"]\n`
  expect(tagsIn(text(100)).job).toEqual(['x'.repeat(10_000)])
  const said = 'becomes longer than 10000 characters when its variables are expanded'
  expect(faultsIn(text(101))).toEqual([`.gitlab-ci.yml:6: ${said}`])
  expect(faultsIn(text(90_000, 9_900))).toEqual([`.gitlab-ci.yml:6: ${said}`])
  const doubling = times(300, (n) => `  A${n}: "$A${n + 1}$A${n + 1}"\n`).join('')
  expect(faultsIn(`variables:\n${doubling}  A300: x\njob: { script: x, image: $A0 }`)).toEqual([
    `.gitlab-ci.yml:303: ${said}`,
  ])
})

test('what expands to nothing at great length is bounded, too', () => {
  const variables = times(99, (n) => `  A${n}: "${`$A${n + 1}`.repeat(1_000)}"\n`).join('')
  const text = `variables:\n${variables}  A99: ""\njob: { script: x, parallel: 200, tags: [a$A0] }`
  expect(faultsIn(text)).toEqual([`.gitlab-ci.yml:102: ${LARGE}`])
})

test('a matrix of endless axes is counted, with one of no values among them, too', () => {
  const axes = times(400, (n) => `A${n}: [1,2,3,4,5,6,7,8,9,0],`).join('')
  expect(faultsIn(`a: { script: x, parallel: { matrix: [{ ${axes} }] } }`)).toHaveLength(1)
  expect(faultsIn(`a: { script: x, parallel: { matrix: [{ ${axes} B: [] }] } }`)).toEqual([
    expect.stringContaining('a list of variables with their values'),
  ])
})

test('openings of inputs without an end are text, and one over two lines is none', () => {
  const open = '$[['.repeat(100_000)
  const text = `spec: { inputs: { a: { default: t } } }\n---\njob:\n  script: "${open}"\n  tags: ["$[[ \\n ]]$[[ \\n $[[inputs.a]]"]\n`
  expect(tagsIn(text)).toEqual({ job: ['$[[ \n ]]$[[ \n t'] })
})

test('inputs that nest or double lists through includes are bounded', () => {
  const header = 'spec: { inputs: { a: { type: array } } }\n---\n'
  const chain = (input: string) => ({
    [ROOT]: 'include: { local: t0.yml, inputs: { a: [x] } }',
    ...Object.fromEntries(
      Array.from({ length: 30 }, (_, n) => [
        `t${n}.yml`,
        `${header}include: { local: t${n + 1}.yml, inputs: { a: ${input} } }\n`,
      ]),
    ),
    't30.yml': `${header}j: { script: "x$[[ inputs.a ]]", tags: "$[[ inputs.a ]]" }`,
  })
  const deep = `${'['.repeat(90)}"$[[ inputs.a ]]"${']'.repeat(90)}`
  expect(faultsIn(chain(deep))).toEqual(['t30.yml:3: is nested deeper than 1000 levels'])
  expect(faultsIn(chain('["$[[inputs.a]]", "$[[inputs.a]]"]'))).toEqual([`t30.yml:3: ${LARGE}`])
})

test('long texts by way of aliases count by their length', () => {
  const long = `.a: &a "${'x'.repeat(200_000)}"\n`
  expect(faultsIn(`${long}job: { script: [${'*a,'.repeat(1_000)}] }`)).toEqual([
    expect.stringContaining('more than 200000 values'),
  ])
  expect(
    faultsIn(`.a: &a !reference ["${'x'.repeat(200_000)}"]\njob: { script: [${'*a,'.repeat(1_000)}] }`),
  ).toEqual([expect.stringContaining('more than 200000 values')])
})

test('GitLab’s bound of documents holds, and a key twice in an !!omap is nobody’s business', () => {
  expect(faultsIn('---\na: { script: x }\n---\n---\n')).toEqual([
    expect.stringContaining('more than 2 documents'),
  ])
  expect(faultsIn(`.a: !!omap [a: 1, a: 2]\njob: { script: x }`)).toEqual([])
})

test('a long reading goes in steps, between which others may be answered', () => {
  const files: CiFiles = { read: (path) => (path === ROOT ? JOBS : undefined), list: () => [] }
  const steps = readingCiConfig(ROOT, files)
  let count = 0
  for (let step = steps.next(); !step.done; step = steps.next()) count += 1
  // After each job, if not more often.
  expect(count).toBeGreaterThan(200)
})
