// What the node suite runs: parts of node that make threads, processes and much memory.
import { test } from "node:test";
import assert from "node:assert";
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import zlib from "node:zlib";
import { execFile, fork, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { pipeline } from "node:stream/promises";
import { Worker } from "node:worker_threads";

test("workers sum what they are sent", async () => {
  const code = `const { parentPort, workerData } = require("worker_threads");
    let sum = 0; for (let i = 0; i < workerData; i++) sum += JSON.parse(JSON.stringify({ i })).i;
    parentPort.postMessage(sum)`;
  const run = (n) => new Promise((resolve, reject) =>
    new Worker(code, { eval: true, workerData: n }).on("message", resolve).on("error", reject));
  assert.deepEqual(await Promise.all([1000, 2000, 3000, 4000].map(run)), [499500, 1999000, 4498500, 7998000]);
});
test("a worker is terminated while it allocates", async () => {
  const worker = new Worker("const a = []; for (;;) a.push(Buffer.alloc(100)), a.length > 1e4 && (a.length = 0)", { eval: true });
  await new Promise((resolve) => worker.on("online", resolve));
  assert.equal(await worker.terminate(), 1);
});
test("a worker's exception reaches the parent", async () => {
  const worker = new Worker("throw new Error('thrown')", { eval: true });
  assert.equal((await new Promise((resolve) => worker.on("error", resolve))).message, "thrown");
});
test("children", async () => {
  const out = await Promise.all([..."abcdefgh"].map((c) => promisify(execFile)("/bin/echo", [c])));
  assert.equal(out.map((o) => o.stdout.trim()).join(""), "abcdefgh");
  assert.equal(spawnSync("sh", ["-c", "kill -9 $$"]).signal, "SIGKILL");
});
test("a forked node answers", async () => {
  fs.writeFileSync("child.cjs", "process.on('message', m => { process.send(m * 2); process.disconnect() })");
  const child = fork("./child.cjs");
  child.send(21);
  assert.equal(await new Promise((resolve) => child.on("message", resolve)), 42);
});
test("compression in the thread pool", async () => {
  const data = Buffer.from(Array.from({ length: 200000 }, (_, i) => i % 251));
  const packed = await Promise.all(Array.from({ length: 8 }, (_, i) => promisify(zlib.gzip)(data, { level: i + 1 })));
  for (const p of packed) assert.ok((await promisify(zlib.gunzip)(p)).equals(data));
  fs.writeFileSync("data", data);
  await pipeline(fs.createReadStream("data"), zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }), fs.createWriteStream("data.br"));
  assert.ok(zlib.brotliDecompressSync(fs.readFileSync("data.br")).equals(data));
});
test("keys and digests", async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, (_, i) => promisify(crypto.pbkdf2)(`p${i}`, "salt", 1000, 32, "sha256")));
  assert.equal(crypto.createHash("sha256").update(Buffer.concat(keys)).digest("hex").length, 64);
  const pair = crypto.generateKeyPairSync("ed25519");
  assert.ok(crypto.verify(null, Buffer.from("x"), pair.publicKey, crypto.sign(null, Buffer.from("x"), pair.privateKey)));
});
test("http over loopback", async () => {
  const server = http.createServer((request, response) => request.pipe(response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const bodies = await Promise.all(Array.from({ length: 50 }, async (_, i) =>
    (await fetch(url, { method: "POST", body: "x".repeat(i * 1000) })).text()));
  assert.deepEqual(bodies.map((b) => b.length), Array.from({ length: 50 }, (_, i) => i * 1000));
  server.closeAllConnections();
  server.close();
});
test("WebAssembly grows its memory", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 100 });
  for (let i = 0; i < 50; i++) memory.grow(1);
  assert.equal(memory.buffer.byteLength, 51 * 65536);
});
