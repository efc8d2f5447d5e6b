/** What the tables in infra/ come to with other settings, by Terraform itself. */
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import { evaluate, hasTerraform } from './console.ts'

const skipped = hasTerraform ? '' : ' (skipped: needs terraform)'

type Subscription = { function: string | null; filter: string; is_pushed: boolean; topic: string }
type Schedule = { function: string; path: string; schedule: string }

const learnersOf = (subscriptions: Record<string, Subscription>) =>
  Object.entries(subscriptions).filter(([name]) => /^learn/.test(name))

test.skipIf(!hasTerraform)(
  `one shard is learned by one function that finishes are pushed to${skipped}`,
  () => {
    const subscriptions = evaluate('local.subscriptions') as Record<string, Subscription>
    expect(learnersOf(subscriptions)).toEqual([
      [
        'learn',
        {
          topic: 'job-events',
          filter:
            'attributes.type = "job.finished" AND (NOT attributes:redrive_for OR attributes.redrive_for = "learn")',
          function: 'learn',
          route: 'learn',
          table: null,
          is_pushed: true,
        },
      ],
    ])
    expect(Object.keys(evaluate('local.schedules') as object)).not.toContain('learn-batch')
  },
)

test.skipIf(!hasTerraform)(
  `each of several shards has a subscription and a function of its own${skipped}`,
  () => {
    const variables = { state_shards: '3' }
    const learners = learnersOf(evaluate('local.subscriptions', variables) as Record<string, Subscription>)
    expect(learners.map(([name, its]) => [name, its.function])).toEqual([
      ['learn-0', 'learn-0'],
      ['learn-1', 'learn-1'],
      ['learn-2', 'learn-2'],
    ])
    expect(learners[2]?.[1].filter).toBe(
      'attributes.type = "job.finished" AND attributes.shard = "2" AND (NOT attributes:redrive_for OR attributes.redrive_for = "learn-2")',
    )
    expect(
      evaluate('[for name, its in local.functions : its.service if its.max_instances == 1]', variables),
    ).toEqual(['admin', 'learn', 'learn', 'learn'])
  },
)

test.skipIf(!hasTerraform)(
  `what is pulled is not pushed, and a tick of each shard takes it${skipped}`,
  () => {
    const variables = { state_shards: '2', learn_driver: 'pull' }
    const learners = learnersOf(evaluate('local.subscriptions', variables) as Record<string, Subscription>)
    expect(learners.map(([, { is_pushed }]) => is_pushed)).toEqual([false, false])
    const schedules = evaluate('local.schedules', variables) as Record<string, Schedule>
    expect(Object.fromEntries(Object.entries(schedules).filter(([name]) => /^learn/.test(name)))).toEqual({
      'learn-batch-0': { schedule: '* * * * *', function: 'learn-0', path: '/ticks/learn-batch/0' },
      'learn-batch-1': { schedule: '* * * * *', function: 'learn-1', path: '/ticks/learn-batch/1' },
    })
  },
)

test.skipIf(!hasTerraform)(`no filter is longer than Pub/Sub takes, of the most shards${skipped}`, () => {
  const filters = evaluate('[for its in local.subscriptions : its.filter]', {
    state_shards: '64',
  }) as string[]
  expect(filters.length).toBe(64 + 5)
  expect(filters.filter((filter) => Buffer.byteLength(filter) > 256)).toEqual([])
})

test.skipIf(!hasTerraform)(
  `a function is given the secrets that are in use, and that it may read${skipped}`,
  () => {
    const variables = { secrets_in_use: '["GITLAB_WEBHOOK_SIGNING_TOKEN", "GITLAB_API_TOKEN"]' }
    expect(evaluate('local.secrets', variables)).toEqual({
      ingest: ['GITLAB_WEBHOOK_SIGNING_TOKEN', 'GITLAB_API_TOKEN'],
      recommend: [],
      admin: [],
      learn: [],
      shadow: ['GITLAB_API_TOKEN'],
      record: [],
      ticks: ['GITLAB_API_TOKEN'],
    })
  },
)

test.skipIf(!hasTerraform)(`the tables are those of sql/, column by column${skipped}`, () => {
  const tables = [...loadCatalogue().tables]
  const names = {
    STRING: 'STRING',
    INT64: 'INTEGER',
    FLOAT64: 'FLOAT',
    BOOL: 'BOOLEAN',
    TIMESTAMP: 'TIMESTAMP',
  }
  const expected = tables.map(([name, { columns }]) => [
    name,
    columns.map((column) => ({ ...column, type: names[column.type] })),
  ])
  expect(evaluate('local.schemas')).toEqual(Object.fromEntries(expected))
})
