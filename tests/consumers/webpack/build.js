import webpack from 'webpack';

// Without its advice on the size of files, which counts as warnings.
const compiler = webpack({ mode: 'production', entry: './src/index.js', performance: { hints: false } });
compiler.run((error, stats) => {
  if (error) throw error;
  console.log(stats.toString());
  if (stats.hasErrors() || stats.hasWarnings()) process.exitCode = 1;
});
