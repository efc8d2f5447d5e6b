/**
 * Terraform in TypeScript: each resource as an object of the type that the provider's schema gives it, so that the
 * compiler says what is wrong with it. References to attributes become reads of them.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Body, type Configuration, type Json, PACKAGES, strings } from './hcl.ts'

/** Arguments of Terraform itself, on every resource. */
const META = new Set(['for_each', 'count', 'depends_on', 'lifecycle', 'provider'])
const REFERENCE = /\b(data\.)?(google_\w+)\.(\w+)(?:\[[^\]]*\])?\.([a-z_]+)/g

type Schema = { folder: string; className: string; fields: (type: string) => Map<string, string> }

/** The source of a module that compiles when the configuration fits the provider's schema. */
export function typedSource(configuration: Configuration): string {
  const imports = new Map<string, string>()
  const statements: string[] = []
  for (const kind of ['resource', 'data'] as const) {
    for (const [type, named] of Object.entries(configuration[kind])) {
      const schema = schemaOf(kind === 'data' ? `data_${type}` : type)
      if (schema === undefined) {
        statements.push(`const ${type}: never = 'the provider has no ${kind} ${type}'`)
        continue
      }
      imports.set(schema.className, schema.folder)
      for (const [name, bodies] of Object.entries(named)) {
        const value = object(bodies[0] ?? {}, `${schema.className}Config`, schema)
        const path = `${kind === 'data' ? 'data_' : ''}${type}__${name}`
        statements.push(`declare const ${path}: ${schema.className}`)
        statements.push(`export const config_${path}: ${schema.className}Config = ${value}`)
      }
    }
  }
  return [
    ...[...imports].map(
      ([name, folder]) =>
        `import type { ${name}, ${name}Config } from '@cdktf/provider-google/lib/${folder}/index.js'`,
    ),
    'declare const expression: any',
    ...statements,
    ...references(configuration),
  ].join('\n')
}

function references(configuration: Configuration): string[] {
  const found = new Set<string>()
  for (const text of strings(configuration))
    for (const [, data = '', type, name, attribute = ''] of text.matchAll(REFERENCE))
      found.add(`void ${data === '' ? '' : 'data_'}${type}__${name}.${camel(attribute)}`)
  return [...found].sort()
}

function schemaOf(type: string): Schema | undefined {
  const folder = type.replace(/^(data_)?google_/, (_all, data = '') => (data === '' ? '' : 'data_google_'))
  const path = join(PACKAGES, '@cdktf/provider-google/lib', folder.replaceAll('_', '-'), 'index.d.ts')
  if (!existsSync(path)) return undefined
  const text = readFileSync(path, 'utf8')
  return {
    folder: folder.replaceAll('_', '-'),
    className: camel(`_${folder}`),
    fields: (name) => {
      const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(text)?.[1]
      const fields = (body ?? '').matchAll(/^ {4}readonly (\w+)\??: ([^;{]+)/gm)
      return new Map([...fields].map(([, field = '', its = '']) => [field, its]))
    },
  }
}

function object(body: Body, type: string, schema: Schema): string {
  const { dynamic = {}, ...given } = body
  const fields = schema.fields(type)
  const isResource = type === `${schema.className}Config`
  const entries = [
    ...Object.entries(given).filter(([name]) => !(isResource && META.has(name))),
    ...Object.entries(dynamic as Body).map(([name, blocks]) => [name, contentOf(blocks)] as const),
  ]
  const written = entries.map(([name, value]) => {
    const field = camel(name)
    return `${JSON.stringify(field)}: ${literal(value, fields.get(field) ?? 'unknown', schema)}`
  })
  return `{ ${written.join(', ')} }`
}

const contentOf = (blocks: Json): Json => (blocks as Body[]).flatMap(({ content }) => content as Body[])

/** The schema's type says only whether a block may come once or often; what fits is the compiler's to say. */
function literal(value: Json, type: string, schema: Schema): string {
  if (typeof value === 'string' && /^\$\{[\s\S]*\}$/.test(value)) return 'expression'
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const item = type.replace(/\[\].*| \|.*/g, '')
  if (!Array.isArray(value)) return object(value, item, schema)
  const items = value.map((part) => literal(part, item, schema))
  const isOne = items.length === 1 && typeof value[0] === 'object' && !type.includes('[]')
  return isOne ? (items[0] as string) : `[${items.join(', ')}]`
}

function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())
}
