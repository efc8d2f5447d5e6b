/** Taxonomy: whether the tags of a fleet mean what they seem to mean. */
import { capabilitiesOf } from './capabilities.ts'
import type { Fleet, Runner } from './fleet.ts'
import type { Finding } from './fleet-lint.ts'

/** One runner that differs says something where at least two others agree. */
const LEAST_AGREEING = 2

export function taxonomyFindings(fleet: Fleet, runners: readonly Runner[]): Finding[] {
  const routing = new Set([...fleet.arms.values()].map(({ tag }) => tag))
  const tags = capabilitiesOf(fleet).filter(({ tag }) => !routing.has(tag))
  return [
    ...tags.flatMap(({ tag }) => executorFindings(tag, runners)),
    ...caseVariants(capabilitiesOf(fleet).map(({ tag }) => tag)),
  ]
}

/**
 * A tag whose carriers all have one executor, save one: that one promises what it is not. And one that all runners of
 * its executor carry, save one: that one was forgotten.
 */
function executorFindings(tag: string, runners: readonly Runner[]): Finding[] {
  const carriers = runners.filter(({ tags }) => tags.has(tag))
  const findings: Finding[] = []
  for (const executor of new Set(carriers.map((runner) => runner.executor))) {
    const agreeing = carriers.filter((runner) => runner.executor === executor)
    const strangers = carriers.filter((runner) => runner.executor !== executor)
    if (agreeing.length < LEAST_AGREEING || strangers.length > 1) continue
    for (const { name, executor: its } of strangers) {
      const message = `${name} (${its}) carries "${tag}", as otherwise only ${executor} runners do: a job that asks for it may get either.`
      findings.push({ severity: 'note', code: 'tag_of_another_executor', about: name, message })
    }
    const lacking = runners.filter((runner) => runner.executor === executor && !runner.tags.has(tag))
    if (lacking.length !== 1) continue
    for (const { name } of lacking) {
      const message = `${name} does not carry "${tag}", as every other ${executor} runner does: it gets none of the jobs that ask for it.`
      findings.push({ severity: 'warning', code: 'peer_tag_missing', about: name, message })
    }
  }
  return findings
}

function caseVariants(tags: readonly string[]): Finding[] {
  const alike = Map.groupBy(tags, (tag) => tag.toLowerCase())
  return [...alike.values()]
    .filter((variants) => variants.length > 1)
    .map((variants) => ({
      severity: 'warning',
      code: 'case_variants',
      about: variants.join(', '),
      message: `GitLab takes ${variants.map((tag) => `"${tag}"`).join(' and ')} for different tags: a job gets only the runners of the one that it writes.`,
    }))
}
