/** A bucket in memory whose requests of several processes interleave by seed, and whose processes can be killed. */
import { ABSENT, type Bucket, type Head } from '../../shared/adapters/gcp/bucket.ts'
import { seededDraws } from '../../shared/domain/rng.ts'
import { ConflictError } from '../../shared/errors.ts'

type Version = { head: Head; bytes: Uint8Array }

export class Killed extends Error {}

export type Process = {
  bucket: Bucket
  /** From the so-manieth request on; that one may still take effect, also later. */
  killAfter(requests: number): void
}

export function memoryBucket(seed: string) {
  const draw = seededDraws(seed)
  const live = new Map<string, Version>()
  const old: Version[] = []
  let generations = 0
  let clock = 0

  /** Lets others go first. */
  async function pause(upTo = 6): Promise<void> {
    for (let turns = Math.floor(draw() * upTo); turns > 0; turns -= 1)
      await new Promise((resolve) => setImmediate(resolve))
  }

  function retire(version: Version | undefined): void {
    clock += 1
    if (version !== undefined) old.push({ ...version, head: { ...version.head, replacedAt: clock } })
  }

  function match(object: string, ifGeneration: string): void {
    const present = live.get(object)?.head.generation ?? ABSENT
    if (present !== ifGeneration) throw new ConflictError(`${object} is at ${present}, not ${ifGeneration}`)
  }

  function put(
    name: string,
    bytes: Uint8Array,
    ifGeneration: string,
    metadata: Record<string, string>,
  ): Head {
    match(name, ifGeneration)
    retire(live.get(name))
    generations += 1
    const head = { name, generation: `g${generations}`, createdAt: clock, replacedAt: null, metadata }
    live.set(name, { head, bytes })
    return head
  }

  /** @param slowness how many turns of the others may pass around each of its requests. */
  function process(slowness?: number): Process {
    let left = Number.POSITIVE_INFINITY

    async function request<T>(effect: () => T): Promise<T> {
      left -= 1
      if (left < 0) {
        if (left === -1 && draw() < 0.7)
          pause(40)
            .then(effect)
            .catch(() => undefined)
        throw new Killed()
      }
      await pause(slowness)
      const result = effect()
      await pause(slowness)
      return result
    }

    const bucket: Bucket = {
      name: 'memory',
      head: ((object: string, unless?: string) =>
        request(() => {
          const head = live.get(object)?.head
          return unless !== undefined && head?.generation === unless ? 'unchanged' : head
        })) as Bucket['head'],
      content: (object, generation) =>
        request(
          () =>
            [...old, ...live.values()].find(
              ({ head }) => head.name === object && head.generation === generation,
            )?.bytes,
        ),
      put: (object, bytes, { ifGeneration, metadata }) =>
        request(() => put(object, bytes, ifGeneration, metadata)),
      mark: () => request(() => undefined),
      copy: () => request(() => undefined),
      list: (prefix, { versions } = { versions: false }) =>
        request(() =>
          [...(versions ? old : []), ...live.values()]
            .map(({ head }) => head)
            .filter(({ name }) => name.startsWith(prefix)),
        ),
      remove: (object) =>
        request(() => {
          retire(live.get(object))
          live.delete(object)
        }),
    }
    return {
      bucket,
      killAfter(requests) {
        left = requests
      },
    }
  }

  return { process, draw, pause }
}
