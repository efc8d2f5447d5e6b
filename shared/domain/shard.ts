/** Which part of a divided state a job belongs to. */

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * The shard of a job, 0 … shards − 1: FNV-1a, 32 bits, of "<project id>/<job id>", modulo the number of shards.
 * Source: Fowler, Noll, Vo, "The FNV Non-Cryptographic Hash Algorithm".
 */
export function shardOf(projectId: number, jobId: number, shards: number): number {
  let hash = FNV_OFFSET
  for (const character of `${projectId}/${jobId}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), FNV_PRIME)
  }
  return (hash >>> 0) % shards
}

/** The object of a shard; its name says of how many, so that two numbers of shards never share one. */
export function stateObjectName(shard: number, shards: number): string {
  return shards === 1 ? 'bandit_state.json' : `bandit_state.${shard}-of-${shards}.json`
}

/** Of how many shards this is one's object; undefined of what is none. */
export function shardsOfObjectName(name: string): number | undefined {
  if (name === stateObjectName(0, 1)) return 1
  const [, shard, shards] = /^bandit_state\.(\d+)-of-(\d+)\.json$/.exec(name) ?? []
  return Number(shard) < Number(shards) ? Number(shards) : undefined
}
