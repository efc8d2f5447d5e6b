/** What doctor makes of topics and subscriptions that it found on Google Cloud. */
import { describe, expect, test } from 'vitest'
import {
  expectedSubscriptions,
  subscriptionsVerdict,
  topicsVerdict,
} from '../../../functions/cloud/doctor/subscriptions.ts'
import type { SubscriptionFacts } from '../../../shared/runtime/deps-cloud.ts'

const DAY_MS = 86_400_000

describe('subscriptions', () => {
  /** As infra/ makes them. */
  const made = (shards: number, change: Record<string, Partial<SubscriptionFacts> | null> = {}) => {
    const subscriptions = new Map(
      expectedSubscriptions(shards).map(({ name, topic, route, table, kinds }) => {
        const facts: SubscriptionFacts = {
          topic,
          filter: kinds.map((kind) => `attributes.type = "${kind}"`).join(' OR '),
          push:
            route === null
              ? null
              : {
                  endpoint: `https://a.example/push/${route}`,
                  account: 'by@p.example',
                  audience: 'https://a.example',
                },
          table: table && `p.ci_metrics.${table}`,
          deadLetterTopic: name === 'dead-letters' ? null : 'dead-letters',
          retentionMs: 7 * DAY_MS,
          expiresAfterMs: null,
          fault: null,
        }
        const changed = change[name]
        return [name, changed === null ? null : { ...facts, ...changed }] as const
      }),
    )
    return subscriptionsVerdict({ topics: new Map(), subscriptions }, shards)
  }

  test('there are those that infra/ makes, one of learn for each shard', () => {
    // infra/routes.tf: writes, pushes, learners; infra/pubsub.tf: the dead letters.
    const others = [
      'dead-letters',
      'record-choice-sets',
      'record-events',
      'record-journal',
      'record-quarantine',
      'shadow',
    ]
    const names = (shards: number) =>
      expectedSubscriptions(shards)
        .map(({ name }) => name)
        .sort()
    expect(names(1)).toEqual([...others, 'learn'].sort())
    expect(names(2)).toEqual([...others, 'learn-0', 'learn-1'].sort())
    expect(made(1)).toMatchObject({
      status: 'OK',
      finding: expect.stringMatching(/^7 are there; finishes are pushed to/),
    })
    expect(made(3)).toMatchObject({ status: 'OK', finding: expect.stringMatching(/^9 are there/) })
  })

  test('learn may be pulled, and no other', () => {
    expect(made(1, { learn: { push: null } })).toMatchObject({
      status: 'OK',
      finding: expect.stringMatching(/by the schedule learn-batch$/),
    })
    expect(made(1, { shadow: { push: null } })).toMatchObject({
      status: 'Failed',
      finding: 'shadow is pushed to no function',
    })
  })

  const anyPush = { endpoint: 'https://a.example/push/learn', account: 'by@p.example', audience: null }
  test.each<[name: string, change: Partial<SubscriptionFacts> | null, status: string, finding: string]>([
    ['learn', null, 'Failed', 'learn is missing'],
    ['learn', { topic: null }, 'Failed', 'learn reads a topic that was deleted'],
    ['learn', { topic: 'quarantine' }, 'Failed', 'learn reads quarantine, not job-events'],
    [
      'learn',
      { push: { ...anyPush, account: null } },
      'Failed',
      'learn is pushed without the token of an account, so the function refuses it',
    ],
    [
      'shadow',
      { push: anyPush },
      'Failed',
      'shadow is pushed to https://a.example/push/learn, which should end with /push/shadow',
    ],
    [
      'shadow',
      { filter: 'attributes.type = "job.finished"' },
      'Failed',
      'shadow has a filter that lets no job.started pass',
    ],
    [
      'learn',
      { filter: 'attributes.type = "job.finished" AND attributes.shard = "1"' },
      'Failed',
      'learn takes what is of shard 1 alone',
    ],
    [
      'record-events',
      { table: null },
      'Failed',
      'record-events is not written to the table ci_metrics.job_events',
    ],
    [
      'record-events',
      { fault: 'its state is SCHEMA_MISMATCH' },
      'Failed',
      'record-events delivers nothing: its state is SCHEMA_MISMATCH',
    ],
    [
      'dead-letters',
      { push: anyPush },
      'Failed',
      'dead-letters is pushed to https://a.example/push/learn, so it cannot be listed',
    ],
    [
      'learn',
      { deadLetterTopic: null },
      'Warning',
      'learn never gives up: it has no dead letter policy to dead-letters',
    ],
    ['learn', { retentionMs: DAY_MS }, 'Warning', 'learn keeps what waits for 24 h only'],
    ['learn', { expiresAfterMs: 31 * DAY_MS }, 'Warning', 'learn is deleted when nothing comes for 31 days'],
    [
      'learn',
      { filter: '' },
      'OK',
      '7 are there; finishes are pushed to https://a.example/push/learn by by@p.example',
    ],
  ])('%s as %j: %s', (name, change, status, finding) => {
    expect(made(1, { [name]: change })).toMatchObject({ status, finding })
  })

  test('a learner of the wrong shard fails, and topics that are missing are named', () => {
    expect(made(2, { 'learn-0': { filter: '"job.finished" attributes.shard = "1"' } })).toMatchObject({
      finding: 'learn-0 takes what is of shard 1 alone',
    })
    const topics = new Map([
      ['job-events', true],
      ['journal', false],
    ])
    expect(topicsVerdict({ topics, subscriptions: new Map() })).toMatchObject({
      status: 'Failed',
      finding: 'missing: journal',
    })
  })
})
