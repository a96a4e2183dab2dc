// Runs a test binary for wasm32-wasip1 by node: each test in an instance of its own, as a test that fails ends in a trap.
// Tests that start threads are left out, as there are none: std says so. Prints the numbers, and fails if another test
// does.
//
//   node --no-warnings tests.mjs <binary.wasm>
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WASI } from 'node:wasi';

const NO_THREADS = /failed to spawn thread: .*Unsupported|operation not supported on this platform/;

const module = await WebAssembly.compile(readFileSync(process.argv[2]));
const folder = mkdtempSync(join(tmpdir(), 'quipu-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

function run(...args) {
    const path = join(folder, 'output');
    const output = openSync(path, 'w');
    const wasi = new WASI({
        version: 'preview1', args: ['tests', ...args], stdout: output, stderr: output, returnOnExit: true,
    });
    let isRight = false;
    try {
        isRight = wasi.start(new WebAssembly.Instance(module, wasi.getImportObject())) === 0;
    } catch (error) {
        if (!(error instanceof WebAssembly.RuntimeError)) {
            throw error;
        }
    }
    closeSync(output);
    return { isRight, text: readFileSync(path, 'utf8') };
}

const list = run('--list', '--format', 'terse');
const names = [...list.text.matchAll(/^(.*): test$/gm)].map((match) => match[1]);
if (!list.isRight || names.length === 0) {
    console.error(`the list of tests: ${list.text}`);
}
const counts = { passed: 0, threads: 0, ignored: 0, failed: 0 };
for (const name of names) {
    const { isRight, text } = run('--exact', '--nocapture', name);
    if (isRight && text.includes('ok. 1 passed')) {
        counts.passed += 1;
    } else if (isRight && text.includes('1 ignored')) {
        counts.ignored += 1;
    } else if (NO_THREADS.test(text)) {
        counts.threads += 1;
    } else {
        counts.failed += 1;
        console.error(`${name}: ${text}`);
    }
}
console.log(`passed ${counts.passed}, need threads ${counts.threads}, ignored ${counts.ignored}, failed ${counts.failed}`);
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
