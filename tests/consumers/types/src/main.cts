import edgerail = require('edgerail');

export async function main(bytes: Uint8Array): Promise<string> {
  const engine: edgerail.Engine = await edgerail.loadEngine(bytes, { require: 'unverified' });
  const decision: edgerail.Decision = engine.evaluate('Hello', { source: 'INPUT' });
  return decision.outcome === 'block' ? decision.reason : decision.text;
}
