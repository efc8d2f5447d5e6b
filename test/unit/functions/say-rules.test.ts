import { expect, test } from 'vitest'
import { recommended } from '../../../functions/local/say.ts'
import { fleetSynced } from '../../../functions/local/say-fleet.ts'
import { rulesNamed } from '../../../functions/local/say-rules.ts'
import type { RecommendAnswer } from '../../../shared/schema/recommend.ts'

test.each([
  [['tags_missing'], 'the tags'],
  [['offline'], 'its being described as offline'],
  [['rule:only amd'], 'the rule "only amd"'],
  [['rule:toString'], 'the rule "toString"'],
  [['tags_missing', 'paused', 'rule:only amd'], 'the tags, its being paused and the rule "only amd"'],
] as const)('%j are %s', (codes, words) => {
  expect(rulesNamed(codes)).toBe(words)
})

test('an answer without an arm says what could be lifted in words, and names nobody twice', () => {
  const refused = [
    { arm: 'Mac', code: 'tags_missing', reason: 'Mac does not carry the tag "gpu".' },
    { arm: 'pool', code: 'paused', reason: 'Mac2 is paused.' },
    { arm: 'Mac Mini', code: 'unmanaged', reason: 'It is not described in fleet.yaml.' },
  ]
  const relaxations = [{ lifted: ['tags_missing', 'offline'], arms: ['Mac'] }]
  const answer = { kind: 'none', tag: null, reason: 'None.', refused, refused_count: 3, relaxations }
  expect(recommended(answer as unknown as RecommendAnswer).split('\n')).toEqual([
    'None.',
    '',
    'It could be taken',
    '  without the tags and its being described as offline: Mac',
    '',
    'Refused:',
    '  Mac does not carry the tag "gpu".',
    '  pool: Mac2 is paused.',
    '  Mac Mini: It is not described in fleet.yaml.',
  ])
})

test('who has fleet.yaml built is told when a server reads it, whether or not it is the file of a server', () => {
  const report = { file: 'f.yaml', action: 'created', runners: 1, drift: [], notes: [] } as const
  const lastLine = (isUsed: boolean, dry_run = false) =>
    fleetSynced({ ...report, drift: [], notes: [], dry_run }, isUsed)
      .split('\n')
      .at(-1)
  expect(lastLine(true)).toBe('A running server reads it at its next start.')
  expect(lastLine(false)).toBe(
    'To have it used: RUNNER_BANDIT_FLEET=f.yaml. A running server reads it at its next start.',
  )
  expect(lastLine(true, true)).toMatch(/would be built/)
})
