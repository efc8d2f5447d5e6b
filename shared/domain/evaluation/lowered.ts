/** For the middle of a sentence, unless a name stands at its beginning. */
export function lowered(sentence: string): string {
  return /^[A-Z][a-z]*\b/.test(sentence) && !/^(GitLab|Holm)/.test(sentence)
    ? `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`
    : sentence
}
