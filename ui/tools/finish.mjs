// After Vite: gathers the licences, compresses each file beforehand, and puts the whole in the place
// of what the package has served until then.
import { cp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

const MADE = "dist";
const SERVED = "../agui_runtime/wires/ui/dist";
const WORTH_IT = /\.(css|html|js|svg|txt)$/;

const compress = promisify(gzip);

async function installed() {
  const lock = JSON.parse(await readFile("package-lock.json", "utf8"));
  const folders = Object.keys(lock.packages).filter((folder) => folder.startsWith("node_modules/"));
  return folders.filter((folder) => !lock.packages[folder].dev && !lock.packages[folder].link);
}

async function licence(folder) {
  const files = await readdir(folder).catch(() => null);
  if (!files) return null; // for another kind of machine
  const { name, version, license, author } = JSON.parse(
    await readFile(path.join(folder, "package.json"), "utf8"),
  );
  const file = files.find((each) => /^licen[cs]e/i.test(each));
  const text = file ? await readFile(path.join(folder, file), "utf8") : `Licence: ${license}`;
  const by = file || !author ? "" : `Author: ${author.name ?? author}\n`;
  return `${name} ${version}\n\n${by}${text.trim()}\n`;
}

const texts = (await Promise.all((await installed()).map(licence))).filter(Boolean);
await writeFile(`${MADE}/LICENSES.txt`, texts.join(`\n${"-".repeat(80)}\n\n`));

// Every browser that runs this page reads the woff2 that the same rule names first.
for (const name of await readdir(`${MADE}/assets`)) {
  if (/\.(ttf|woff)$/.test(name)) await rm(`${MADE}/assets/${name}`);
}

for (const entry of await readdir(MADE, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !WORTH_IT.test(entry.name)) continue;
  const file = path.join(entry.parentPath, entry.name);
  const small = await compress(await readFile(file), { level: constants.Z_BEST_COMPRESSION });
  await writeFile(`${file}.gz`, small);
}

await rm(`${SERVED}.new`, { recursive: true, force: true });
await cp(MADE, `${SERVED}.new`, { recursive: true });
await rm(SERVED, { recursive: true, force: true });
await rename(`${SERVED}.new`, SERVED);
