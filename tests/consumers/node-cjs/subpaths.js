// Every subpath that offers CommonJS can be required, and shares its classes with the others.

const assert = require('node:assert/strict');
const { existsSync } = require('node:fs');

const manifest = require('edgerail/package.json');
const main = require('edgerail');
let required = 0;
for (const [name, conditions] of Object.entries(manifest.exports)) {
  const specifier = name.replace('.', 'edgerail');
  if (typeof conditions === 'string') {
    assert.ok(existsSync(require.resolve(specifier)), specifier);
  } else if ('require' in conditions) {
    try {
      const names = Object.keys(require(specifier));
      assert.ok(names.length > 0, `${specifier} exports nothing`);
      required += 1;
    } catch (error) {
      const missing = /Cannot find module '([^']+)'/.exec(error.message)?.[1];
      if (manifest.peerDependenciesMeta[missing]?.optional !== true) throw error;
    }
  }
}
assert.ok(required >= 6, `only ${required} subpaths can be required`);
assert.equal(typeof main.loadEngine, 'function');
