/** Terraform makes things in an order in which each comes after what it refers to: there has to be one. */
import { expect, test } from 'vitest'
import { type Configuration, infraFiles, type Json, parseInfra, strings, whatIsMissing } from './hcl.ts'

const missing = whatIsMissing()
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`

/** What each resource and each local value refers to. */
function referencesOf({ resource, data, locals }: Configuration): Map<string, string[]> {
  const bodies: [string, Json][] = [
    ...Object.entries({ ...resource, ...data }).flatMap(([type, named]) =>
      Object.entries(named).map(([name, body]): [string, Json] => [`${type}.${name}`, body]),
    ),
    ...locals.flatMap((values) =>
      Object.entries(values).map(([name, value]): [string, Json] => [`local.${name}`, value]),
    ),
  ]
  const addresses = new Set(bodies.map(([address]) => address))
  return new Map(
    bodies.map(([address, body]) => {
      const found = strings(body).flatMap((text) => text.match(/\b(google_\w+|local)\.\w+/g) ?? [])
      return [address, found.filter((name) => addresses.has(name))]
    }),
  )
}

/** A way from something back to itself; undefined when there is none. */
function circleIn(references: ReadonlyMap<string, string[]>): string[] | undefined {
  const done = new Set<string>()
  const walk = (address: string, path: string[]): string[] | undefined => {
    if (path.includes(address)) return [...path.slice(path.indexOf(address)), address]
    if (done.has(address)) return undefined
    for (const next of references.get(address) ?? []) {
      const circle = walk(next, [...path, address])
      if (circle !== undefined) return circle
    }
    done.add(address)
    return undefined
  }
  for (const address of references.keys()) {
    const circle = walk(address, [])
    if (circle !== undefined) return circle
  }
  return undefined
}

test.skipIf(missing !== undefined)(`nothing waits for itself${skipped}`, async () => {
  const references = referencesOf(await parseInfra())
  expect([...references.values()].flat().length).toBeGreaterThan(100)
  expect(circleIn(references)).toBeUndefined()
})

test.skipIf(missing !== undefined)(
  `a function that is told its address by itself is found out${skipped}`,
  async () => {
    const files = infraFiles()
    const asked = {
      ...files,
      'functions.tf': files['functions.tf']?.replace('local.urls[each.key]', 'local.uris') ?? '',
    }
    const circular = {
      ...asked,
      'uris.tf': 'locals {\n  uris = google_cloudfunctions2_function.function["learn"].url\n}\n',
    }
    expect(circleIn(referencesOf(await parseInfra(circular)))).toEqual([
      'google_cloudfunctions2_function.function',
      'local.uris',
      'google_cloudfunctions2_function.function',
    ])
  },
)
