/** What a runner or a job is called may hold anything: nothing of it may become markup, or steer a terminal. */

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For text and attributes of HTML and SVG. */
export function escaped(text: string): string {
  return harmless(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string)
}

/** For a line or a cell of Markdown. */
export function escapedMarkdown(text: string): string {
  return harmless(text).replaceAll(/[\\`*_{}[\]<>#|~]/g, (character) => `\\${character}`)
}

/** Without characters that steer a terminal or turn the text around. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
}

/** The parts of a text that are code (between backticks), and the others. */
export function codeAndProse(text: string): { text: string; isCode: boolean }[] {
  const parts = text.split('`')
  // A backtick without a second one is a backtick.
  if (parts.length % 2 === 0) return [{ text, isCode: false }]
  return parts
    .map((part, index) => ({ text: part, isCode: index % 2 === 1 }))
    .filter((part) => part.text !== '')
}

export function shortened(text: string, most: number): string {
  const characters = [...text]
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text
}
