/** The part of Cloud Storage's JSON API that is played: https://cloud.google.com/storage/docs/json_api/v1. */
import { crc32c } from './crc32c.ts'
import type { Kind } from './faults.ts'
import { partsOf } from './multipart.ts'
import { md5, type Objects, type Preconditions, Refusal, type Said, type StoredObject } from './objects.ts'

export type ApiRequest = { method: string; url: URL; contentType: string; body: Buffer }
export type ApiResponse = { status: number; headers?: Record<string, string>; body?: Buffer | object }
/** `act` is all of its effect; who calls it late does the request late. */
export type ApiCall = { kind: Kind; act: () => ApiResponse }

const COMMON = ['alt', 'prettyPrint', 'fields', 'projection', 'userProject', 'key']
const CONDITIONS = ['ifGenerationMatch', 'ifGenerationNotMatch', 'ifMetagenerationMatch'] as const

const OBJECT = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/
const OBJECTS = /^\/storage\/v1\/b\/([^/]+)\/o$/
const BUCKET = /^\/storage\/v1\/b\/([^/]+)$/
const PERMISSIONS = /^\/storage\/v1\/b\/([^/]+)\/iam\/testPermissions$/
const UPLOAD = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/
const COPY = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/(?:rewriteTo|copyTo)\/b\/([^/]+)\/o\/([^/]+)$/

/** @param denied permissions that the caller lacks. */
export function callOf(request: ApiRequest, objects: Objects, denied: ReadonlySet<string>): ApiCall {
  const { method, url } = request
  // STORAGE_EMULATOR_HOST makes the client leave the prefix out.
  const path = url.pathname.replace(/^\/b\//, '/storage/v1/b/')
  const named = (pattern: RegExp) => pattern.exec(path)?.slice(1).map(decodeURIComponent)
  const query = url.searchParams

  const upload = named(UPLOAD)
  if (upload !== undefined && method === 'POST') {
    only(query, ['uploadType', 'name', ...CONDITIONS])
    return { kind: 'put', act: () => json(put(upload[0] as string, request, objects)) }
  }
  const copy = named(COPY)
  if (copy !== undefined && method === 'POST') {
    only(query, ['sourceGeneration', 'ifSourceGenerationMatch', ...CONDITIONS])
    return { kind: 'copy', act: () => copied(copy, request, objects) }
  }
  const [bucket = '', name = ''] = named(OBJECT) ?? []
  if (name !== '') {
    only(query, ['generation', ...CONDITIONS])
    const generation = query.get('generation') ?? undefined
    const conditions = conditionsOf(query)
    if (method === 'GET') {
      const isMedia = query.get('alt') === 'media'
      return {
        kind: isMedia ? 'media' : 'get',
        act() {
          const object = objects.read(bucket, name, generation, conditions)
          return isMedia ? media(object) : json(object)
        },
      }
    }
    if (method === 'PATCH')
      return {
        kind: 'patch',
        act: () => json(objects.patch(bucket, name, saidIn(JSON.parse(request.body.toString())), conditions)),
      }
    if (method === 'DELETE')
      return {
        kind: 'delete',
        act() {
          objects.remove(bucket, name, generation, conditions)
          return { status: 204 }
        },
      }
  }
  const [listed] = named(OBJECTS) ?? []
  if (listed !== undefined && method === 'GET') {
    only(query, ['prefix', 'versions', 'maxResults', 'pageToken', 'autoPaginate'])
    return { kind: 'list', act: () => list(listed, query, objects) }
  }
  const [asked] = named(BUCKET) ?? []
  if (asked !== undefined && method === 'GET')
    return {
      kind: 'bucket',
      act() {
        objects.refuseBucket(asked)
        const body = {
          kind: 'storage#bucket',
          id: asked,
          name: asked,
          location: 'EUROPE-WEST1',
          versioning: { enabled: objects.isVersioned },
        }
        return { status: 200, body }
      },
    }
  const [tested] = named(PERMISSIONS) ?? []
  if (tested !== undefined && method === 'GET')
    return {
      kind: 'bucket',
      act() {
        objects.refuseBucket(tested)
        const permissions = query.getAll('permissions').filter((permission) => !denied.has(permission))
        return { status: 200, body: { kind: 'storage#testIamPermissionsResponse', permissions } }
      },
    }
  throw new Refusal(501, 'notImplemented', `not played: ${method} ${path}`)
}

function put(bucket: string, { url, contentType, body }: ApiRequest, objects: Objects): StoredObject {
  const query = url.searchParams
  const conditions = conditionsOf(query)
  if (query.get('uploadType') === 'media') {
    const name = query.get('name')
    if (name === null) throw new Refusal(400, 'required', 'Required parameter: name')
    return objects.put(bucket, name, body, { contentType }, conditions)
  }
  if (query.get('uploadType') !== 'multipart')
    throw new Refusal(501, 'notImplemented', 'only media and multipart uploads are played')
  const { description, bytes, type } = partsOf(body, contentType)
  const said = saidIn(description)
  const name = query.get('name') ?? (description as { name?: string }).name
  if (name === undefined) throw new Refusal(400, 'required', 'Required parameter: name')
  return objects.put(
    bucket,
    name,
    bytes,
    type === undefined ? said : { contentType: type, ...said },
    conditions,
  )
}

function copied(
  [from = '', name = '', to = '', newName = '']: string[],
  { url, body }: ApiRequest,
  objects: Objects,
): ApiResponse {
  const query = url.searchParams
  const sourceMatch = query.get('ifSourceGenerationMatch')
  const source = objects.read(from, name, query.get('sourceGeneration') ?? undefined, {
    ...(sourceMatch === null ? {} : { ifGenerationMatch: sourceMatch }),
  })
  const said = body.length === 0 ? {} : saidIn(JSON.parse(body.toString()))
  const { contentType, cacheControl, metadata } = source
  const kept = { contentType, metadata, ...(cacheControl === undefined ? {} : { cacheControl }) }
  const object = objects.put(to, newName, source.bytes, { ...kept, ...said }, conditionsOf(query))
  if (!url.pathname.includes('/rewriteTo/')) return json(object)
  const size = String(object.bytes.length)
  const resource = resourceOf(object)
  return {
    status: 200,
    body: {
      kind: 'storage#rewriteResponse',
      done: true,
      objectSize: size,
      totalBytesRewritten: size,
      resource,
    },
  }
}

function list(bucket: string, query: URLSearchParams, objects: Objects): ApiResponse {
  const all = objects.list(bucket, query.get('prefix') ?? '', query.get('versions') === 'true')
  const start = Number(query.get('pageToken') ?? 0)
  const end = start + Number(query.get('maxResults') ?? 1000)
  const page = all.slice(start, end)
  return {
    status: 200,
    body: {
      kind: 'storage#objects',
      ...(page.length === 0 ? {} : { items: page.map(resourceOf) }),
      ...(end < all.length ? { nextPageToken: String(end) } : {}),
    },
  }
}

function media(object: StoredObject): ApiResponse {
  return {
    status: 200,
    headers: {
      'content-type': object.contentType,
      'cache-control': object.cacheControl ?? 'private, max-age=0',
      'x-goog-generation': object.generation,
      'x-goog-metageneration': String(object.metageneration),
      'x-goog-hash': `crc32c=${crc32c(object.bytes)},md5=${md5(object.bytes)}`,
      'x-goog-stored-content-encoding': 'identity',
      'x-goog-stored-content-length': String(object.bytes.length),
    },
    body: object.bytes,
  }
}

const json = (object: StoredObject): ApiResponse => ({ status: 200, body: resourceOf(object) })

function resourceOf(object: StoredObject): object {
  const { bucket, name, generation, metageneration, bytes, metadata, timeDeleted } = object
  const iso = (at: number) => new Date(at).toISOString()
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation,
    metageneration: String(metageneration),
    contentType: object.contentType,
    ...(object.cacheControl === undefined ? {} : { cacheControl: object.cacheControl }),
    storageClass: 'STANDARD',
    size: String(bytes.length),
    md5Hash: md5(bytes),
    crc32c: crc32c(bytes),
    etag: `${generation}.${metageneration}`,
    timeCreated: iso(object.timeCreated),
    updated: iso(object.updated),
    ...(timeDeleted === undefined ? {} : { timeDeleted: iso(timeDeleted) }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  }
}

function conditionsOf(query: URLSearchParams): Preconditions {
  const conditions: Preconditions = {}
  for (const name of CONDITIONS) {
    const value = query.get(name)
    if (value === null) continue
    if (!/^\d{1,19}$/.test(value))
      throw new Refusal(400, 'invalidParameter', `Invalid value for ${name}: ${value}`)
    conditions[name] = value
  }
  return conditions
}

/** A real server would not say a word of what it does not know, and a mistake would look like a success. */
function only(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys())
    if (!known.includes(name) && !COMMON.includes(name))
      throw new Refusal(400, 'unknownParameter', `Unknown parameter: ${name}`)
}

function saidIn(description: unknown): Said {
  if (typeof description !== 'object' || description === null)
    throw new Refusal(400, 'parseError', 'Parse Error')
  for (const [key, value] of Object.entries((description as Said).metadata ?? {}))
    if (typeof value !== 'string' && value !== null)
      throw new Refusal(400, 'invalid', `Invalid value for metadata ${key}: a string is wanted`)
  return description as Said
}
