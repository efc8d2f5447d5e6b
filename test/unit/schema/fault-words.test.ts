import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { ConfigError, InvalidInputError } from '../../../shared/errors.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { parseRecommendQuery, readParameters } from '../../../shared/schema/recommend.ts'
import { faultsOf } from '../../../shared/schema/wire.ts'
import { faultsOf as faultsOfFleet, head } from './fleet-text.ts'

const said = (schema: z.ZodType, value: unknown) => {
  const { error } = schema.safeParse(value)
  return error === undefined ? [] : faultsOf(error)
}

describe('what is wrong with a value is said in words of the product', () => {
  test.each([
    ['nothing', z.string(), undefined, 'is missing'],
    ['bytes that are no JSON', z.record(z.string(), z.string()), Symbol('not JSON'), 'is not JSON'],
    ['a word for a boolean', z.boolean(), 'yes', 'must be true or false'],
    ['a word for a number', z.number(), 'ten', 'must be a number'],
    ['a fraction for a whole number', z.int(), 1.5, 'must be a whole number'],
    ['a number for text', z.string(), 7, 'must be text, so in quotes'],
    ['a list for text', z.string(), [], 'must be text'],
    ['text for a list', z.array(z.string()), 'x', 'must be a list'],
    ['a list for an object', z.object({}), [], 'must be an object, with keys and values'],
    ['a number not below', z.number().lt(1), 10, 'must be a number below 1'],
    ['a number not above', z.number().gt(0), 0, 'must be a number above 0'],
    ['a number too high', z.number().max(24), 25, 'must be a number of at most 24'],
    ['a number too low', z.number().min(5), 4, 'must be a number of at least 5'],
    ['text too long', z.string().max(3), 'long', 'is longer than 3 characters'],
    ['text too short', z.string().min(3), 'no', 'is shorter than 3 characters'],
    ['no text', z.string().min(1), '', 'is empty'],
    ['an empty list', z.array(z.string()).min(1), [], 'is empty'],
    ['a list too long', z.array(z.string()).max(1), ['a', 'b'], 'has more than 1 entry'],
    ['a list too short', z.array(z.string()).min(2), ['a'], 'has fewer than 2 entries'],
    ['another word', z.enum(['off', 'shadow']), 'foo', 'must be one of off, shadow'],
    ['another value', z.literal(1), 2, 'must be 1'],
    ['no instant', z.iso.datetime(), 'now', 'must be an instant as 2026-12-24T22:00:00Z'],
    ['no address', z.url(), 'x', 'must be an address as https://gitlab.example.com'],
    ['what no choice takes', z.union([z.string(), z.number()]), true, 'must be text or a number'],
    ['two keys too many', z.strictObject({}), { a: 1, b: 2 }, 'a: there is no key "a"'],
  ])('%s', (_, schema, value, words) => {
    expect(said(schema, value)[0]).toBe(words)
  })

  test('and a message of its own is kept', () => {
    expect(said(z.string('is no name'), 7)).toEqual(['is no name'])
    expect(said(z.string().regex(/^a/, 'begins with a'), 'b')).toEqual(['begins with a'])
  })

  test('whatever it is, in none of those that the library would use', () => {
    const schema = z.strictObject({
      text: z.string().min(2).max(4).regex(/^x/),
      number: z.number().gt(0).lt(1).multipleOf(0.5),
      list: z.array(z.union([z.boolean(), z.int()])).min(1),
      map: z.record(z.string().min(2), z.enum(['a', 'b'])),
      kind: z.discriminatedUnion('is', [z.object({ is: z.literal('a') }), z.object({ is: z.literal('b') })]),
    })
    const own = /Invalid|expected|received|Too (big|small)|Unrecognized/
    const keys = fc.constantFrom('text', 'number', 'list', 'map', 'kind')
    const value = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('is', 'a'), fc.integer()))
    fc.assert(
      fc.property(fc.dictionary(keys, value), (given) => {
        for (const fault of said(schema, given)) expect(fault.replace(/"[^"]*"/g, '')).not.toMatch(own)
      }),
    )
  })
})

describe('wherever it is said:', () => {
  test('in the settings', () => {
    const load = () => loadConfig({ RUNNER_BANDIT_MODE: 'foo', PORT: '65536' })
    expect(load).toThrow(ConfigError)
    expect(load).toThrow('RUNNER_BANDIT_MODE: must be one of off, shadow, advisory, canary, autonomous')
    expect(load).toThrow('PORT: must be a number of at most 65535')
  })

  test('in fleet.yaml', () => {
    const text = `${head}canary: { share: 10 }
availability: { start: yes }
runners: [{ machine: m, executor: docker, tags: [7] }]
`
    expect(faultsOfFleet(text).toSorted()).toEqual([
      'line 3: canary.share: must be a number below 1',
      'line 4: availability.start: must be true or false',
      'line 5: runners.0.name: is missing',
      'line 5: runners.0.tags.0: must be text, so in quotes',
    ])
  })

  test('in answers over HTTP', () => {
    const read = (body: string) => () => readParameters('application/json', Buffer.from(body))
    expect(read('{"project":')).toThrow(InvalidInputError)
    expect(read('{"project":')).toThrow('recommend: body: is not JSON')
    expect(read('[]')).toThrow('recommend: body: must be an object, with keys and values')
    expect(read('{"tags":null}')).toThrow(
      'recommend: body: tags: must be text, a number, true or false, or a list',
    )
    expect(() => parseRecommendQuery([['project', '1']])).toThrow('recommend: job: is missing')
  })

  test('of a parameter that /recommend does not know, its name', () => {
    const asked = { project: '1', job: 'build', tagz: 'docker-any', colour: 'blue' }
    expect(() => parseRecommendQuery(Object.entries(asked))).toThrow(/tagz.*colour/)
    expect(() => parseRecommendQuery(Object.entries(asked))).toThrow(InvalidInputError)
  })
})
