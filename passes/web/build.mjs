// Bundles every src/*.ts and src/*.css into static/<name>-<hash>.<ext>, copies src/icons/* and the decoder of the
// gate's camera there, each also as .br and .gz for who can unpack that, and writes static/manifest.json.
// With --tests: bundles tests/*.test.ts into build/tests/ for `node --test`.
import { build } from "esbuild";
import { createRequire } from "node:module";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";

const here = path.dirname(fileURLToPath(import.meta.url));
const filesOf = async (folder, pattern) =>
  (await readdir(path.join(here, folder)).catch(() => [])).filter((name) => pattern.test(name)).sort();
const inside = (folder) => (name) => path.join(here, folder, name);

// The decoder of barcode-detector takes only the wasm of the very version it was built with: the one it finds itself.
const decoder = () => {
  const ours = createRequire(import.meta.url);
  return createRequire(ours.resolve("barcode-detector/ponyfill")).resolve("zxing-wasm/reader/zxing_reader.wasm");
};

// As small as it gets, once: a server that compressed at each request would have to hurry.
const PACKED = { ".br": promisify(zlib.brotliCompress), ".gz": promisify(zlib.gzip) };
const PACKABLE = new Set([".css", ".js", ".svg", ".wasm"]);

async function pack(out, name) {
  if (!PACKABLE.has(path.extname(name))) return [];
  const present = new Set(await readdir(out));
  for (const [ending, compress] of Object.entries(PACKED)) {
    if (present.has(name + ending)) continue;
    const packed = await compress(await readFile(path.join(out, name)));
    await writeFile(path.join(out, `${name}${ending}.new`), packed);
    await rename(path.join(out, `${name}${ending}.new`), path.join(out, name + ending));
  }
  return Object.keys(PACKED).map((ending) => name + ending);
}

async function bundlePages() {
  const out = path.join(here, "static");
  const manifestFile = path.join(out, "manifest.json");
  await mkdir(out, { recursive: true });
  const result = await build({
    entryPoints: [
      ...(await filesOf("src", /\.(ts|css)$/)).map(inside("src")),
      ...(await filesOf("src/icons", /\.(svg|png)$/)).map(inside("src/icons")),
      decoder(),
    ],
    loader: { ".svg": "copy", ".png": "copy", ".wasm": "copy" },
    absWorkingDir: here,
    outdir: out,
    entryNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome109", "safari16", "firefox115"],
    legalComments: "linked",
    metafile: true,
    logLevel: "warning",
  });
  const manifest = {};
  const written = new Set(["manifest.json"]);
  for (const [file, { entryPoint }] of Object.entries(result.metafile.outputs)) {
    written.add(path.basename(file));
    if (entryPoint) {
      manifest[path.parse(entryPoint).name + path.extname(file)] = path.basename(file);
    }
  }
  for (const name of [...written]) for (const packed of await pack(out, name)) written.add(packed);
  await writeFile(`${manifestFile}.new`, JSON.stringify(manifest, null, 2) + "\n");
  await rename(`${manifestFile}.new`, manifestFile);
  // A server that runs still knows the names of an earlier build: its files stay for an hour.
  const old = Date.now() - 3_600_000;
  for (const name of await readdir(out)) {
    if (written.has(name)) continue;
    const file = path.join(out, name);
    if ((await stat(file)).mtimeMs < old) await rm(file, { force: true });
  }
}

async function bundleTests() {
  const out = path.join(here, "build", "tests");
  await rm(out, { recursive: true, force: true });
  await build({
    entryPoints: (await filesOf("tests", /\.test\.ts$/)).map(inside("tests")),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "warning",
  });
}

await (process.argv.includes("--tests") ? bundleTests() : bundlePages());
