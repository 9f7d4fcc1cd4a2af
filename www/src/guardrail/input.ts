import { fromBase64Url, toBase64Url } from '../shell/share.js';
import { EXAMPLES } from '../examples/index.js';

/** A guardrail as a person gives it. */
export type GuardrailInput =
  | { kind: 'definition'; definition: string; overlay: string }
  | { kind: 'bundle'; name: string; bytes: Uint8Array<ArrayBuffer> };

/** The same as JSON, for links. */
export type GuardrailJson =
  | { kind: 'example'; id: string }
  | { kind: 'definition'; definition: string; overlay: string }
  | { kind: 'bundle'; name: string; bytes: string };

export function toJson(input: GuardrailInput): GuardrailJson {
  if (input.kind === 'bundle') return { kind: 'bundle', name: input.name, bytes: toBase64Url(input.bytes) };
  const example = EXAMPLES.find((one) => one.definition === input.definition && one.overlay === input.overlay);
  return example ? { kind: 'example', id: example.id } : { ...input };
}

/** Reads what came from a link or from storage; `undefined` if it is no guardrail. */
export function fromJson(value: unknown): GuardrailInput | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const json = value as Record<string, unknown>;
  if (json['kind'] === 'example') {
    const example = EXAMPLES.find((one) => one.id === json['id']);
    return example && { kind: 'definition', definition: example.definition, overlay: example.overlay };
  }
  if (json['kind'] === 'definition' && typeof json['definition'] === 'string') {
    return { kind: 'definition', definition: json['definition'], overlay: String(json['overlay'] ?? '') };
  }
  if (json['kind'] === 'bundle' && typeof json['bytes'] === 'string') {
    try {
      return { kind: 'bundle', name: String(json['name'] ?? 'shared.bundle'), bytes: fromBase64Url(json['bytes']) };
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** The first bytes of every bundle, `EDGERAIL`; the rest of it is the engine's to judge. */
const MAGIC = [0x45, 0x44, 0x47, 0x45, 0x52, 0x41, 0x49, 0x4c];

/** Whether a file is meant as a bundle: by its name, or because it begins like one, or is no text at all. */
export function isBundleFile(name: string, bytes: Uint8Array): boolean {
  if (/\.bundle$/i.test(name)) return true;
  if (MAGIC.every((byte, index) => bytes[index] === byte)) return true;
  return bytes.subarray(0, 1024).includes(0);
}
