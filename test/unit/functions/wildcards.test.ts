/** Patterns of `include: local`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { matcherOf, wildcardsIn } from '../../../functions/cli/wildcards.ts'
import { dataFolder } from '../../support/server.ts'

test.each([
  ['ci/*.yml', ['ci/a.yml', 'ci/.yml'], ['ci/x/a.yml', 'ci/a.yaml', 'xci/a.yml']],
  ['ci/**/*.yml', ['ci/a.yml', 'ci/x/a.yml', 'ci/x/y/a.yml'], ['cia.yml', 'ci/a.txt']],
  ['ci/**.yml', ['ci/a.yml', 'ci/x/y/a.yml'], ['a.yml']],
  ['**/x/*.yml', ['x/a.yml', 'a/x/a.yml', 'a/b/x/a.yml'], ['ax/a.yml']],
  ['*/ci.yml', ['a/ci.yml', '.a/ci.yml'], ['ci.yml', 'a/b/ci.yml']],
  ['a[b]{c,d}?*.yml', ['a[b]{c,d}?.yml'], ['ab.yml', 'abc1.yml', 'a[b]cx.yml']],
])('%s matches what it matches to GitLab', (pattern, those, not) => {
  const matches = matcherOf(pattern)
  expect(those.filter((path) => !matches(path))).toEqual([])
  expect(not.filter(matches)).toEqual([])
})

test('agrees with the regular expression that GitLab makes of a pattern', () => {
  const pattern = fc.array(fc.constantFrom('*', '**', '**/', '/', 'a', 'b'), { maxLength: 6 })
  const path = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 })
  fc.assert(
    fc.property(pattern, path, (parts, text) => {
      const source = parts
        .join('')
        .replace(
          /\*\*\/|\*\*|\*/g,
          (stars) => ({ '**/': '(.*/)?', '**': '.*', '*': '[^/]*' })[stars] as string,
        )
      expect(matcherOf(parts.join(''))(text)).toBe(new RegExp(`^${source}$`).test(text))
    }),
    { numRuns: 500 },
  )
})

test('many stars take no longer than pattern times path', () => {
  expect(matcherOf(`${'*a'.repeat(40)}b`)('a'.repeat(1_000))).toBe(false)
  expect(matcherOf(`${'**/'.repeat(40)}b`)('a/'.repeat(500))).toBe(false)
})

test('lists files below the root alone, sorted, and nothing of .git', () => {
  const root = dataFolder()
  for (const path of ['copy/b.yml', 'copy/ci/a.yml', 'copy/ci/x/c.yml', 'copy/.git/d.yml', 'outside.yml']) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), '')
  }
  const list = wildcardsIn(join(root, 'copy'))
  expect(list('**.yml')).toEqual(['b.yml', 'ci/a.yml', 'ci/x/c.yml'])
  expect(list('*/*.yml')).toEqual(['ci/a.yml'])
  expect(list('../*.yml')).toEqual([])
  expect(list('nowhere/*.yml')).toEqual([])
})
