/** infra/*.tf as JSON, read by HashiCorp's own parser; it stands in test/terraform, which is installed apart. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

export const INFRA = join(import.meta.dirname, '../../infra')
export const PACKAGES = join(import.meta.dirname, '../terraform/node_modules')

/** A block's or an attribute's content: blocks are lists of objects, expressions are strings `${…}`. */
export type Body = { [name: string]: Json }
export type Json = string | number | boolean | null | Json[] | Body

export type Configuration = {
  resource: Record<string, Record<string, Body[]>>
  data: Record<string, Record<string, Body[]>>
  variable: Record<string, Body[]>
  locals: Body[]
  output: Record<string, Body[]>
}

/** What has to be installed for reading HCL; undefined when all is there. */
export function whatIsMissing(): string | undefined {
  if (existsSync(join(PACKAGES, '@cdktf/hcl2json')) && existsSync(join(PACKAGES, '@cdktf/provider-google')))
    return undefined
  return 'needs the package in test/terraform: npm run terraform:install'
}

export function infraFiles(): Record<string, string> {
  const names = globSync('*.tf', { cwd: INFRA }).sort()
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(INFRA, name), 'utf8')]))
}

type Parse = (name: string, text: string) => Promise<Record<string, Json>>

/** All files together. @throws Error saying where a file is no HCL, or which address is there twice. */
export async function parseInfra(files: Record<string, string> = infraFiles()): Promise<Configuration> {
  const { parse } = createRequire(`${PACKAGES}/`)('@cdktf/hcl2json') as { parse: Parse }
  const all: Configuration = { resource: {}, data: {}, variable: {}, locals: [], output: {} }
  for (const [name, text] of Object.entries(files)) {
    const file = (await parse(name, text)) as Partial<Configuration>
    all.locals.push(...(file.locals ?? []))
    for (const kind of ['variable', 'output'] as const) all[kind] = withAll(all[kind], file[kind] ?? {}, kind)
    for (const kind of ['resource', 'data'] as const)
      for (const [type, named] of Object.entries(file[kind] ?? {}))
        all[kind][type] = withAll(all[kind][type] ?? {}, named, `${kind} ${type}`)
  }
  return all
}

function withAll<T>(some: Record<string, T>, more: Record<string, T>, kind: string): Record<string, T> {
  const twice = Object.keys(more).find((name) => name in some)
  if (twice !== undefined) throw new Error(`${kind} ${twice} is there twice`)
  return { ...some, ...more }
}

/** Every string in a value, however deep. */
export function strings(value: Json | Configuration): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((part) => strings(part as Json))
}
