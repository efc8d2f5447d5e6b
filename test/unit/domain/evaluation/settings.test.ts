import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EVALUATION } from '../../../../shared/domain/evaluation/settings.ts'

const VIEW = join(import.meta.dirname, '../../../../sql/ci_metrics/evaluation_settings.sql')

test('the constants are those of the view', () => {
  const sql = readFileSync(VIEW, 'utf8')
  const columns = [...sql.matchAll(/^\s*(?:CAST\((\S+) AS \w+\)|'(\w+)') AS (\w+)/gm)]
  const ofView = Object.fromEntries(
    columns.map(([, number, text, name = '']) => [
      name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      text ?? Number(number),
    ]),
  )
  expect(ofView).toEqual(EVALUATION)
})

// W₋₁(−α²/e) = −y is the solution above 1 of y = ln y + 1 − 2 ln α.
test('ρ² is that of the sequence that is narrowest at its number of clusters', () => {
  let y = 10
  for (let step = 0; step < 200; step += 1) y = Math.log(y) + 1 - 2 * Math.log(EVALUATION.alpha)
  expect(EVALUATION.sequenceRho2).toBeCloseTo((y - 1) / EVALUATION.sequenceClusters, 15)
})
