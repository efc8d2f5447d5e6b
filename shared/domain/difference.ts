/** Where two JSON documents first differ, in the order of the first one's keys. */
export type Difference = { path: string; left: unknown; right: unknown }

export function firstDifference(left: unknown, right: unknown, path = ''): Difference | undefined {
  if (!isObject(left) || !isObject(right)) return Object.is(left, right) ? undefined : { path, left, right }
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(own(left, key), own(right, key), path === '' ? key : `${path} → ${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
