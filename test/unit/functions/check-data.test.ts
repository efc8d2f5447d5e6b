/** check-data on BigQuery: the warehouse of the cloud is asked the same as the local one, by its own client. */
import { expect, test } from 'vitest'
import { checkData } from '../../../functions/check-data.ts'
import { deploySql } from '../../../functions/deploy-sql.ts'
import { describe } from '../../../shared/runtime/sql.ts'
import { decisionRow, eventRow, outcomeRow } from '../../contract/warehouse.harness.ts'
import { onlyViews } from '../../sql/check-cases.ts'
import { playedBigquery } from '../../support/bigquery.ts'
import { fixedClock } from '../../support/fixed-clock.ts'

const NOW = '2026-11-21T00:00:00.000Z'

test('finds on BigQuery what is wrong, errors first, at the time that it is given', async () => {
  const { warehouse, schema } = await playedBigquery({ bare: true })
  await deploySql({ dryRun: false }, { schema, catalogue: onlyViews(['decision_outcomes']), describe })
  const clock = fixedClock(Date.parse(NOW))
  const empty = await checkData({ warehouse, clock })
  expect(new Set(empty.checks.map(({ status }) => status))).toEqual(new Set(['empty']))
  expect([empty.ok, empty.checked_at]).toEqual([true, NOW])

  await warehouse.insert('runner_decisions', [decisionRow(1)])
  await warehouse.insert('job_events', [eventRow(1, { received_at: '2026-11-01T00:00:00.000Z' })])
  const warned = await checkData({ warehouse, clock })
  expect(warned.checks.find(({ name }) => name === 'freshness')).toMatchObject({
    severity: 'warning',
    failed: 1,
  })
  expect(warned.ok).toBe(true)

  await warehouse.insert('job_outcomes', [outcomeRow(1, { reward: -1 })])
  const steps: string[] = []
  const failed = await checkData({ warehouse, clock }, ({ doing, done, total, at }) =>
    steps.push(`${doing} ${done} of ${total}: ${at}`),
  )
  expect(steps).toHaveLength(failed.checks.length)
  expect(steps[0]).toBe(`checking the data 0 of ${failed.checks.length}: action_in_feasible`)
  expect(failed.ok).toBe(false)
  expect(failed.checks.find(({ name }) => name === 'reward_range')).toMatchObject({
    status: 'failed',
    checked: 1,
    failed: 1,
    example: expect.any(String),
  })
  const severities = failed.checks.map(({ severity }) => severity)
  expect(severities).toEqual(severities.toSorted())
})
