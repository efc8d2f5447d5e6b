/** What holds for every configuration. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { InvalidInputError } from '../../../../shared/errors.ts'
import { startReading } from '../../../../shared/schema/ci-config/reading.ts'
import { type CiHash, deepMerge } from '../../../../shared/schema/ci-config/value.ts'
import { readTexts } from '../../../support/ci-files.ts'

const at = { file: 'a.yml', line: 1 }
const merge = (base: CiHash, over: CiHash) => deepMerge(base, over, at, startReading('a.yml'))
const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor')

/** Hashes of hashes, lists and texts. */
const hashes = fc.letrec<{ hash: CiHash; value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.string({ maxLength: 3 }),
    fc.array(fc.string({ maxLength: 2 }), { maxLength: 2 }),
    tie('hash'),
  ),
  hash: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 4 })
    .map((pairs) => new Map(pairs.map(([name, value]) => [name, { value, at }])) as CiHash),
})).hash

test('merging with nothing changes nothing, and merging twice is merging once', () => {
  fc.assert(
    fc.property(hashes, hashes, (a, b) => {
      expect(merge(a, new Map())).toEqual(a)
      expect(merge(new Map(), a)).toEqual(a)
      expect(merge(a, a)).toEqual(a)
      expect(merge(a, structuredClone(a))).toEqual(a)
      expect(merge(merge(a, b), b)).toEqual(merge(a, b))
    }),
  )
})

test('of two the later has the last word in every text and list, and no key is lost', () => {
  fc.assert(
    fc.property(hashes, hashes, (a, b) => {
      const merged = merge(a, b)
      expect(new Set(merged.keys())).toEqual(new Set([...a.keys(), ...b.keys()]))
      for (const [name, { value }] of b) {
        if (!(value instanceof Map)) expect(merged.get(name)?.value).toEqual(value)
      }
    }),
  )
})

const NAMES = ['.a', '.b', 'job', 'other', 'default', 'include', 'variables', 'image', 'x']
const WORDS = [
  'tags',
  'extends',
  'script',
  'image',
  'services',
  'parallel',
  'matrix',
  'inherit',
  'needs',
  'trigger',
]
const TEXTS = [
  '.a',
  '.b',
  'job',
  '$A',
  '$B$A',
  `$${'{A}'}`,
  '%B%',
  '$[[ inputs.a ]]',
  'a.yml',
  '.gitlab-ci.yml',
  '*.yml',
  '',
]

/** Configurations that mean something, most of them something wrong. */
const configurations = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(...TEXTS, null, true, false, 3, 0.5),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(...WORDS, ...NAMES, 'A', 'B', 'value', 'local', 'inputs', 'name'),
      tie('value'),
      {
        maxKeys: 4,
      },
    ),
  ),
  root: fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 6 }),
})).root

/** What may stand in the place of a text. */
const tagged = (text: string, choices: readonly number[]) => {
  let index = 0
  const forms = [' !reference [.a, tags]', ' !reference [.b]', ' &n x', ' *n', ' !reference [job, script, x]']
  return text.replaceAll(/: (\.a|job)$/gm, (whole) => {
    const choice = choices[index++ % choices.length] ?? 0
    return choice < forms.length ? `:${forms[choice]}` : whole
  })
}

/** Either what jobs ask for, or an InvalidInputError that names the file. */
function readOrRefused(texts: Record<string, string>): void {
  try {
    for (const { name, tags } of readTexts(texts).jobs) {
      expect(name.startsWith('.')).toBe(false)
      expect(tags === null || tags.every((tag) => typeof tag === 'string')).toBe(true)
    }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    expect(error.message).toContain('.gitlab-ci.yml has ')
  }
}

test('any text is read or refused', () => {
  const characters = fc.constantFrom(...'{}[]:,&*!|>-#"\'%@` \n\tab$.<<?0')
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: characters, maxLength: 60 })), (text) =>
      readOrRefused({ '.gitlab-ci.yml': text }),
    ),
    { numRuns: 150 },
  )
})

test('any configuration is read or refused, whatever extends, refers to or includes what', () => {
  const choices = fc.array(fc.nat(6), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(configurations, configurations, choices, fc.boolean(), (first, second, forms, hasHeader) => {
      const header = hasHeader ? 'spec: { inputs: { a: { default: [1, x] } } }\n---\n' : ''
      readOrRefused({
        '.gitlab-ci.yml': tagged(stringify(first), forms),
        'a.yml': header + tagged(stringify(second), forms),
      })
    }),
    { numRuns: 250 },
  )
})

test('a job that extends an empty one asks for what it asked for', () => {
  const tags = fc.array(fc.stringMatching(/^x[a-z]{1,5}$/), { maxLength: 3 })
  fc.assert(
    fc.property(tags, fc.option(fc.stringMatching(/^x[a-z]{1,8}$/)), (wanted, image) => {
      const job = { script: 'x', tags: wanted, ...(image !== null && { image }) }
      const alone = readTexts(stringify({ job })).jobs
      const extending = readTexts(stringify({ '.empty': {}, job: { ...job, extends: '.empty' } })).jobs
      expect(extending.map(({ at: _, ...rest }) => rest)).toEqual(alone.map(({ at: _, ...rest }) => rest))
    }),
    { numRuns: 30 },
  )
})
