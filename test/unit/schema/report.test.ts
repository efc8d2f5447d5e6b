/** The summary of a pipeline report. */
import { expect, test } from 'vitest'
import { summaryOf } from '../../../shared/schema/report.ts'

const jobs = { listed: 4, ended: 4, missing: 1, published: 2, waiting: 0, quarantined: 0 }
const common = { project_id: 42, pipeline_id: 7, pipeline_ids: [7], complete: true, reasons: [], jobs }
const decided = (nsai_would_match: boolean | null, routed_decision_id: string | null = null) => ({
  nsai_would_match,
  routed_decision_id,
})
const summaryWith = (...decisions: Record<string, unknown>[]) =>
  summaryOf({ ...common, decisions, recommendations: [] })

test('counts the picks that were the runner’s arm, among the jobs that a runner took', () => {
  expect(summaryWith(decided(true), decided(false), decided(true), decided(null))).toBe(
    '4 jobs ended; of 1 something was missing, 2 events taken in. ' +
      '4 decisions: of 3 jobs that a runner took, nsai would have picked the same for 2.',
  )
})

test('leaves routed jobs out of that, since they carry the tag of one arm, and says how many they are', () => {
  expect(summaryWith(decided(true, 'r1'), decided(false), decided(false, 'r2'), decided(true))).toContain(
    ' 4 decisions, 2 of them on routed jobs: of 2 others that a runner took, nsai would have picked the same for 1.',
  )
})
