/** Where the time went: the functions with the most of it, from profiles that V8 wrote. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

type Frame = { functionName: string; url: string; lineNumber: number }

type Profile = {
  nodes: { id: number; callFrame: Frame }[]
  samples: number[]
  timeDeltas: number[]
}

export type Share = { place: string; share: number }

/** What a process spent its time on, that in which it was idle left out: by function, and by file or package. */
export type HotSpots = { process: string; functions: Share[]; files: Share[] }

const root = join(import.meta.dirname, '../..')
const IDLE = new Set(['(idle)', '(root)'])
const MOST_FUNCTIONS = 15
const MOST_FILES = 10
const LEAST_SHARE = 0.005

export function hotSpots(folder: string): HotSpots[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .sort()
    .map((file) => {
      const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile
      return {
        process: file,
        functions: shares(profile, functionOf).slice(0, MOST_FUNCTIONS),
        files: shares(profile, fileOf).slice(0, MOST_FILES),
      }
    })
}

function shares({ nodes, samples, timeDeltas }: Profile, placeOf: (frame: Frame) => string): Share[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const micros = new Map<string, number>()
  let total = 0
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id)
    if (frame === undefined || IDLE.has(frame.functionName)) continue
    const place = placeOf(frame)
    const delta = timeDeltas[index] ?? 0
    total += delta
    micros.set(place, (micros.get(place) ?? 0) + delta)
  }
  return [...micros]
    .map(([place, spent]) => ({ place, share: spent / total }))
    .filter(({ share }) => share >= LEAST_SHARE)
    .sort((a, b) => b.share - a.share)
}

function functionOf({ functionName, url, lineNumber }: Frame): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  return url === '' ? name : `${name} ${pathOf(url)}:${lineNumber + 1}`
}

function fileOf({ functionName, url }: Frame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'built in'
  if (url.startsWith('node:')) return 'node:*'
  const path = pathOf(url)
  return /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url
}
