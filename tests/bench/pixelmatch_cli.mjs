/* pixelmatch as a program: node pixelmatch_cli.mjs MODULES A.png B.png [--all] [OUT.png]. MODULES is the node_modules folder
 * that has pixelmatch and pngjs; --all counts antialiased pixels, too. Exits with 0 if no pixel differs, 1 if some do, 2 if
 * that cannot be told. Its own bin/pixelmatch would do, but prints its time in between and cannot find pngjs elsewhere. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [modules, a, b, ...rest] = process.argv.slice(2);
const find = createRequire(modules + '/');
const { PNG } = find('pngjs');
const includeAA = rest[0] === '--all';
const output = rest[includeAA ? 1 : 0];
try {
  const { default: pixelmatch } = await import(pathToFileURL(find.resolve('pixelmatch')));
  const [reference, run] = [a, b].map((path) => PNG.sync.read(fs.readFileSync(path)));
  const { width, height } = run;
  const picture = output && new PNG({ width, height });
  const changed = pixelmatch(reference.data, run.data, picture ? picture.data : null, width, height, { includeAA });
  if (picture) fs.writeFileSync(output, PNG.sync.write(picture));
  console.log(`${changed} pixels changed`);
  process.exitCode = changed ? 1 : 0;
} catch (problem) {
  console.error(`pixelmatch_cli: ${problem.message}`);
  process.exitCode = 2;
}
