/** functions/routes.ts and functions/services.ts say the same as infra/. */
import { beforeAll, describe, expect, test } from 'vitest'
import { routes } from '../../functions/routes.ts'
import { services } from '../../functions/services.ts'
import { isHttpRoute, isTickRoute, isTopicRoute } from '../../shared/runtime/handler.ts'
import { settingsSchema } from '../../shared/schema/settings-schema.ts'
import { type Body, infraFiles, parseInfra, whatIsMissing } from './hcl.ts'

const missing = whatIsMissing()

/** Cron, as infra/ writes it: "23 3 * * *". */
const CADENCES: Record<string, RegExp> = {
  daily: /^\d+ \d+ \* \* \*$/,
  hourly: /^\d+ \* \* \* \*$/,
  // A scheduler's minute may be a few: what comes in between waits for the next.
  minutely: /^\*(\/[2-4])? \* \* \* \*$/,
}
const LEARN_TICK = 'learn-batch'

describe.skipIf(missing !== undefined)(
  `infra/${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let locals: Record<string, Body>

    beforeAll(async () => {
      locals = Object.assign({}, ...(await parseInfra()).locals)
    })

    test('serves every path of the routes by its function, and no other', () => {
      const paths = routes.filter(isHttpRoute).map(({ trigger, service }) => [trigger.path, service])
      expect(locals.paths).toEqual(Object.fromEntries(paths))
    })

    test('pushes what routes are triggered by to their function, and only kinds that they take', () => {
      const pushed = routes
        .filter(isTopicRoute)
        .filter(({ service }) => !['bigquery', 'journal'].includes(service))
      const expected = pushed.map(({ name, service, trigger: { topic, kinds = [] } }) => [
        name,
        { topic, kinds: [...kinds], service },
      ])
      expect({ ...locals.pushes, learn: locals.learn }).toEqual(Object.fromEntries(expected))
    })

    test("has Pub/Sub write into the topic's table where no function does", () => {
      const written = routes.filter(isTopicRoute).filter(({ service }) => service === 'bigquery')
      const expected = written.map(({ name, trigger: { topic } }) => [
        name,
        { topic, table: topic.replaceAll('-', '_') },
      ])
      expect(locals.writes).toEqual(Object.fromEntries(expected))
    })

    test('calls every tick as often as its route says, and no other', () => {
      const ticks = routes.filter(isTickRoute)
      const { route, ...learnTick } = locals.learn_tick as {
        route: string
        schedule: string
        service: string
      }
      const scheduled = { ...locals.ticks, [route]: learnTick } as Record<string, typeof learnTick>
      expect(route).toBe(LEARN_TICK)
      expect(Object.keys(scheduled).sort()).toEqual(ticks.map(({ name }) => name).sort())
      for (const { name, service, trigger } of ticks) {
        expect(scheduled[name]?.service, name).toBe(service)
        expect(scheduled[name]?.schedule, name).toMatch(CADENCES[trigger.schedule] as RegExp)
      }
    })

    test('deploys the services that there are, open to anyone only where their handlers ask for a token', () => {
      const deployed = locals.services as Record<string, Body>
      expect(Object.entries(deployed).map(([name, { is_public }]) => [name, is_public])).toEqual(
        Object.entries(Object.fromEntries(services.map(({ name, isPublic }) => [name, isPublic]))).sort(),
      )
    })

    test('gives a whole vCPU to what takes more than one request at a time', () => {
      for (const [name, { cpu, concurrency }] of Object.entries(locals.services as Record<string, Body>))
        expect(concurrency === 1 || Number(cpu) >= 1, name).toBe(true)
    })

    test('gives a function the settings without which it does not start, and none that are not', () => {
      const text = infraFiles()['functions.tf'] ?? ''
      const given = [...text.matchAll(/^ +([A-Z][A-Z_]+) += /gm)].map(([, name]) => name ?? '')
      const readers = locals.secret_readers as unknown as Record<string, string[]>
      const all = [...given, ...Object.values(readers).flat()]
      const known = (name: string) => name in settingsSchema.shape
      expect(all.filter((name) => !known(name))).toEqual([])
      for (const { name, needs } of services)
        for (const need of needs) {
          const names = [need].flat()
          const has = [...given, ...(readers[name] ?? [])]
          expect(
            names.filter((setting) => has.includes(setting)),
            `${name}: ${names}`,
          ).not.toEqual([])
        }
    })
  },
)
