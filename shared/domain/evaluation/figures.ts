/** Numbers in sentences: as many digits as their uncertainty leaves, and no more. */

/** 12,345 */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en')
}

/**
 * How many decimals a value is worth, so that its uncertainty shows two digits.
 * @param uncertainty a half-width or standard error, >= 0, in the units of the value
 */
export function decimalsFor(uncertainty: number): number {
  if (!(uncertainty > 0)) return 3
  return Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(uncertainty))))
}

/** 0.640; a value that rounds to zero has no sign. */
export function fixed(value: number, decimals: number): string {
  const text = value.toLocaleString('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
  return /^-[0.,]+$/.test(text) ? text.slice(1) : text.replace('-', '−')
}

/** What `fixed` prints, as a number: of a 5 at the end `toFixed` may make another one. */
export function rounded(value: number, decimals: number): number {
  return Number(value.toLocaleString('en', { maximumFractionDigits: decimals, useGrouping: false }))
}

/** +0.085, −0.012 */
export function signed(value: number, decimals: number): string {
  const text = fixed(Math.abs(value), decimals)
  if (/^[0.,]+$/.test(text)) return text
  return `${value < 0 ? '−' : '+'}${text}`
}

/** 12 %; a share that is not nothing, or not all, never reads so. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return 'below 0.1 %'
  if (share < 1 && share > 0.999) return 'above 99.9 %'
  const isWhole = Math.abs(share * 100 - Math.round(share * 100)) < 1e-9
  const decimals = isWhole || (share >= 0.1 && share <= 0.9) ? 0 : 1
  return `${fixed(share * 100, decimals)} %`
}
