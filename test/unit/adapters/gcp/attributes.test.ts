import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  attributesOf,
  buriedAttributes,
  deathOf,
  lastRedrive,
  redrivenAttributes,
} from '../../../../shared/adapters/gcp/attributes.ts'

/** As Google's emulator sent them. */
const byPubsub = {
  CloudPubSubDeadLetterSourceDeliveryCount: '5',
  CloudPubSubDeadLetterSourceSubscription: 'reader',
  CloudPubSubDeadLetterSourceTopicPublishTime: '2026-11-21T15:07:17.951Z',
  CloudPubSubDeadLetterSourceSubscriptionProject: 'p1795273637505',
}
const reasonOf = (reason: string) => buriedAttributes({}, { subscription: 's', reason }).reason as string

describe('the attributes of a message', () => {
  test.each([
    [
      { kind: 'job.started', project_id: 1, job_id: 2 },
      { type: 'job.started', project_id: '1' },
    ],
    [{ quarantine_id: 'q', project_id: 5 }, { project_id: '5' }],
    [{ quarantine_id: 'q', project_id: null }, {}],
    [{ kind: 'job.started', project_id: '1', job_id: 2 }, {}],
    [null, {}],
    ['text', {}],
    [[1], {}],
  ])('of %j are %j', (body, attributes) => {
    const { shard, ...others } = attributesOf(body, 1)
    expect(others).toEqual(attributes)
    expect(shard).toBe('type' in attributes ? '0' : undefined)
  })
})

describe('a letter', () => {
  test('of our own says who gave up, and why', () => {
    const letter = buriedAttributes(
      { type: 'x' },
      { subscription: 'learn', topic: 'job-events', reason: 'no' },
    )
    expect(letter).toEqual({ type: 'x', subscription: 'learn', topic: 'job-events', reason: 'no' })
    expect(deathOf(letter)).toEqual({ subscription: 'learn', reason: 'no' })
  })

  test('of Pub/Sub says so by other names, with what it knows of the reason', () => {
    expect(deathOf(byPubsub)).toEqual({ subscription: 'reader', reason: 'gave up after 5 attempts' })
    const path = 'projects/p/subscriptions/record-events'
    const told = { CloudPubSubDeadLetterSourceDeliveryErrorMessage: 'no such column' }
    expect(deathOf({ ...byPubsub, ...told, CloudPubSubDeadLetterSourceSubscription: path })).toEqual({
      subscription: 'record-events',
      reason: 'gave up after 5 attempts: no such column',
    })
  })

  test('that died both ways died last by Pub/Sub, since our copies drop its marks', () => {
    const first = buriedAttributes({ ...byPubsub }, { subscription: 'learn', reason: 'no' })
    expect(first).toEqual({ subscription: 'learn', reason: 'no' })
    expect(deathOf({ ...first, ...byPubsub }).subscription).toBe('reader')
  })

  test('that says nothing was given up on by nobody known', () => {
    expect(deathOf({})).toEqual({ subscription: undefined, reason: 'it does not say why' })
  })

  test('cuts its reason to the bytes that an attribute may have, between characters', () => {
    expect(reasonOf('x'.repeat(1024))).toBe('x'.repeat(1024))
    expect(reasonOf('x'.repeat(1025))).toBe('x'.repeat(1024))
    // Two bytes each; the first one is of one byte.
    expect(reasonOf(`x${'ä'.repeat(600)}`)).toBe(`x${'ä'.repeat(511)}`)
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3000 }), (reason) => {
        const cut = reasonOf(reason)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024)
        expect(reason.startsWith(cut)).toBe(true)
      }),
    )
  })
})

describe('what is given back', () => {
  const names = fc
    .stringMatching(/^[a-z_]{1,8}$/)
    .filter((name) => !/^(subscription|topic|reason)$/.test(name))
  const attributesArb = fc.dictionary(names, fc.string({ maxLength: 10 }), { noNullPrototype: true })

  test('carries what it carried before it died, whom it is for, and by which redrive', () => {
    fc.assert(
      fc.property(attributesArb, fc.boolean(), (attributes, diedTwice) => {
        const letter = buriedAttributes(attributes, { subscription: 'learn', topic: 't', reason: 'no' })
        const given = redrivenAttributes({ ...letter, ...(diedTwice ? byPubsub : {}) }, 'learn', 17)
        expect(given).toEqual({ ...attributes, redrive_for: 'learn', redriven_at: '17' })
        expect(lastRedrive(given)).toBe(17)
      }),
    )
  })

  test('was given back by no redrive before', () => {
    expect(lastRedrive({ type: 'x' })).toBe(0)
  })
})
