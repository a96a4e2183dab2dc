// Runs the tests of this package by node, and prints their number.
//
//   node run.mjs <quipu_wasm.wasm>
import { readFileSync } from 'node:fs';

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
console.log(instance.exports.run());
