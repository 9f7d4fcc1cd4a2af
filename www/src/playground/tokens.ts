/** A text in pieces about as long as a model's tokens: short words whole, long ones in parts, with the space before. */
export function tokens(text: string): string[] {
  return text.match(/\s*(?:\p{L}{1,5}|\p{N}{1,3}|[^\s\p{L}\p{N}]{1,2})|\s+/gu) ?? [];
}
