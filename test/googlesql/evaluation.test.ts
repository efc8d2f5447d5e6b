/** What an evaluation and a replay ask, each composed of the views into one statement. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statementOf } from '../../shared/runtime/ask-evaluation.ts'
import { influenceQuestions } from '../../shared/runtime/evaluation-influence.ts'
import { questionsOn, SETTINGS, type Statement } from '../../shared/runtime/evaluation-questions.ts'
import { replayStatements } from '../../shared/runtime/replayed-jobs.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { type Reference, startReference } from './reference.ts'
import { whatIsMissing } from './server.ts'
import { describedColumns } from './views.ts'

const catalogue = loadCatalogue()
const columns = describedColumns(catalogue)
const missing = whatIsMissing()
const window = { fromAt: 1_790_000_000_000, toAt: 1_790_100_000_000 }

const asked = { policy: 'thompson', reward: 'spec', source: 'estimated', primaryReward: 'spec' }
const STATEMENTS: [string, Statement][] = [
  ['settings', SETTINGS],
  ...Object.entries(questionsOn(asked)),
  ...Object.entries(influenceQuestions(asked)),
  ...Object.entries(replayStatements('estimated')),
]

let reference: Reference
beforeAll(async () => {
  if (missing === undefined) reference = await startReference()
})
afterAll(async () => {
  await reference?.stop()
})

describe.skipIf(missing !== undefined)(
  `the GoogleSQL reference takes${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    test.each(STATEMENTS)('what is asked of %s', async (_name, statement) => {
      await reference.analyseStatement(statementOf(statement, catalogue, window), columns)
    })

    test('no nonsense', async () => {
      const nonsense = { select: 'SELECT mood FROM ci_metrics.policy_terms' }
      await expect(
        reference.analyseStatement(statementOf(nonsense, catalogue, window), columns),
      ).rejects.toThrow('mood')
    })
  },
)
