/** Statements of an evaluation: composed with the window, and narrowed to what is asked. */
import { expect, test } from 'vitest'
import { statementOf } from '../../shared/runtime/ask-evaluation.ts'
import { influenceQuestions } from '../../shared/runtime/evaluation-influence.ts'
import { questionsOn } from '../../shared/runtime/evaluation-questions.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'

const catalogue = loadCatalogue()
const ALL = { fromAt: undefined, toAt: undefined }
const asked = { policy: 'thompson', reward: 'spec', source: 'estimated', primaryReward: 'spec' }

test('each is one statement that reads tables, and no view of the warehouse', () => {
  for (const [name, statement] of Object.entries({ ...questionsOn(asked), ...influenceQuestions(asked) })) {
    const sql = statementOf(statement, catalogue, ALL)
    for (const view of catalogue.views.keys())
      expect(sql.replaceAll(/--.*$/gm, ''), name).not.toMatch(new RegExp(`ci_metrics\\.${view}\\b`))
  }
})

test('a window stands in it in seconds, and no window is the views as they are', () => {
  const { log } = questionsOn(asked)
  const windowed = statementOf(log, catalogue, { fromAt: 1_790_000_000_000, toAt: 1_790_000_100_500 })
  expect(windowed).toContain('TIMESTAMP_SECONDS(1790000000) AS from_at')
  expect(windowed).toContain('TIMESTAMP_SECONDS(1790000101) AS to_at')
  expect(statementOf(log, catalogue, ALL)).not.toContain('REPLACE (')
  expect(statementOf(log, catalogue, ALL)).not.toBe(windowed)
})

test('a name cannot end the text that it stands in', () => {
  const { estimates } = questionsOn({ ...asked, reward: "spec' OR '1'='1" })
  expect(estimates.terms).toBe("reward_name = 'spec OR 1=1'")
})
