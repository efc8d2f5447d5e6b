/** What is deployed, what triggers it, and what the deployed functions answer say the same. */
import { expect, test } from 'vitest'
import { answerAs } from '../../../functions/cloud/answer.ts'
import { routes } from '../../../functions/routes.ts'
import { services } from '../../../functions/services.ts'
import type { CloudDeps } from '../../../shared/runtime/deps-cloud.ts'
import { isHttpRoute, isTickRoute, isTopicRoute, type Route } from '../../../shared/runtime/handler.ts'
import { settingsSchema } from '../../../shared/schema/settings-schema.ts'

const names = services.map(({ name }) => name)
/** What triggers a route in the cloud; undefined for what no function serves. */
function pathOf(route: Route): string | undefined {
  if (isHttpRoute(route)) return route.trigger.path
  if (isTickRoute(route)) return `/ticks/${route.name}`
  return isTopicRoute(route) && route.service !== 'bigquery' && route.service !== 'journal'
    ? `/push/${route.name}`
    : undefined
}

test('every route is served by a service that there is, and every service serves one', () => {
  const served = routes.map(({ service }) => service)
  const others = new Set(served.filter((service) => !names.some((name) => name === service)))
  expect([...others].sort()).toEqual(['bigquery', 'journal'])
  expect(names.filter((name) => !served.includes(name))).toEqual([])
  expect(new Set(names).size).toBe(names.length)
})

test('each function answers the paths of its routes, and no other', async () => {
  // No handler is reached by a method that none takes.
  const request = {
    method: 'TRACE',
    query: new URLSearchParams(),
    headers: {},
    body: async () => undefined,
    drain: async () => undefined,
  }
  const deps = { shards: [{}, {}] } as unknown as CloudDeps
  const paths = routes.flatMap((route) => pathOf(route) ?? [])
  for (const { name } of services) {
    const answer = answerAs(name, deps)
    const taken: string[] = []
    for (const path of paths) if ((await answer(path, request)).status === 405) taken.push(path)
    const own = routes.filter(({ service }) => service === name).map(pathOf)
    expect([name, taken]).toEqual([name, own])
    const none = await Promise.all(['/push/record-events', '/nowhere'].map((path) => answer(path, request)))
    expect(none.map(({ status }) => status)).toEqual([404, 404])
  }
})

test('what anyone may call has paths alone, and what Google calls none', () => {
  for (const { name, isPublic } of services) {
    const own = routes.filter(({ service }) => service === name)
    expect([name, own.every((route) => isHttpRoute(route) === isPublic)]).toEqual([name, true])
  }
})

test('each function needs something that proves who calls, and that is a setting', () => {
  for (const { name, needs } of services) {
    const settings = needs.flat()
    expect([name, settings.length > 0]).toEqual([name, true])
    expect(settings.filter((setting) => !(setting in settingsSchema.shape))).toEqual([])
  }
})

test('names of routes are those of subscriptions: each of its own, and none like one with a shard', () => {
  const subscribed = routes.filter(isTopicRoute).map(({ name }) => name)
  expect(new Set(subscribed).size).toBe(subscribed.length)
  expect(subscribed.filter((name) => /-\d+$/.test(name) || name === 'dead-letters')).toEqual([])
})
