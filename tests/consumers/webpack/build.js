import webpack from 'webpack';

// Without its advice on the size of files, which counts as warnings.
const compiler = webpack(
  [
    ['./src/index.js', 'dist'],
    ['./src/common.cjs', 'dist/common'],
  ].map(([entry, folder]) => ({
    mode: 'production',
    entry,
    output: { path: `${import.meta.dirname}/${folder}` },
    performance: { hints: false },
  })),
);
compiler.run((error, stats) => {
  if (error) throw error;
  console.log(stats.toString());
  if (stats.hasErrors() || stats.hasWarnings()) process.exitCode = 1;
});
