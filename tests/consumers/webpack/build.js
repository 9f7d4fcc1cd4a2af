import webpack from 'webpack';

const compiler = webpack({ mode: 'production', entry: './src/index.js' });
compiler.run((error, stats) => {
  if (error) throw error;
  console.log(stats.toString());
  if (stats.hasErrors() || stats.hasWarnings()) process.exitCode = 1;
});
