// Runs the tests of a binary for wasm32-wasip1 by node, each in a process of its own: a test that fails ends in a trap, and
// node 20 crashes now and then where it runs many instances. Tests that start threads are left out, as there are none: std
// says so. Prints the numbers, and fails if another test does.
//
//   node tests.mjs <binary.wasm>
import { spawnSync } from 'node:child_process';

const NO_THREADS = /failed to spawn thread: .*Unsupported|operation not supported on this platform/;
const wasi = new URL('wasi.mjs', import.meta.url).pathname;

function run(...args) {
    const node = ['--no-warnings', wasi, process.argv[2], ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, node, { encoding: 'utf8' });
    return { isRight: status === 0, text: stdout + stderr };
}

const list = run('--list', '--format', 'terse');
const names = [...list.text.matchAll(/^(.*): test$/gm)].map((match) => match[1]);
if (names.length === 0) {
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
