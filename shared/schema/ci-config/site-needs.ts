/**
 * What a job needs beyond its tags, as far as its own words tell. GitLab matches by none of it; site rules may.
 */
import { needsOf } from '../../domain/needs.ts'
import type { SiteNeeds } from '../../domain/site-rule.ts'
import type { Expanded, Variables } from './variables.ts'

type Expand = (text: string) => Expanded

const BYTES_PER_GB = 1e9
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/**
 * @param asked what of it stands at the job itself: an image of `default` is for those that take one, and binds nobody.
 * @param expand fills in the variables of a text.
 * @param variables in force for the job: those by which GitLab's runner lets a job choose its pod or its GPU.
 */
export function siteNeedsOf(
  asked: { image: string | null; services: readonly string[]; platform: string | undefined },
  variables: Variables,
  expand: Expand,
): SiteNeeds {
  const selectors = nodeSelectors(variables, expand)
  const platform = asked.platform ?? selectors.get('kubernetes.io/arch')
  return needsOf({
    image: asked.image,
    services: asked.services,
    architecture: platform === undefined ? null : architectureOf(platform),
    gpu: gpuOf(textOf('NVIDIA_VISIBLE_DEVICES', variables, expand)),
    memoryGb: gigabytesOf(textOf('KUBERNETES_MEMORY_REQUEST', variables, expand)),
    zone: selectors.get('topology.kubernetes.io/zone') ?? null,
  })
}

/** `linux/arm64/v8` → `arm64`. */
function architectureOf(platform: string): string | null {
  const parts = platform.split('/')
  return (parts.length === 1 ? parts[0] : parts[1]) || null
}

/** NVIDIA's container runtime gives the GPUs that this variable names. */
function gpuOf(devices: string | undefined): string | null {
  return devices === undefined || ['', 'void', 'none'].includes(devices) ? null : 'any'
}

/** `KUBERNETES_NODE_SELECTOR_<anything>: key=value`. */
function nodeSelectors(variables: Variables, expand: Expand): Map<string, string> {
  const selectors = new Map<string, string>()
  for (const name of variables.keys()) {
    if (!name.startsWith('KUBERNETES_NODE_SELECTOR_')) continue
    const [, key, value] = /^([^=]+)=(.+)$/.exec(textOf(name, variables, expand) ?? '') ?? []
    if (key !== undefined && value !== undefined) selectors.set(key, value)
  }
  return selectors
}

function gigabytesOf(quantity: string | undefined): number | null {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(quantity ?? '') ?? []
  const bytes = UNITS[unit]
  return digits === undefined || bytes === undefined ? null : (Number(digits) * bytes) / BYTES_PER_GB
}

/** Its value, when it is wholly known. */
function textOf(name: string, variables: Variables, expand: Expand): string | undefined {
  if (!variables.has(name)) return undefined
  const { text, missing } = expand(`\${${name}}`)
  return missing.length === 0 ? text : undefined
}
