// Copies what the page needs out of the npm packages into dist/, and gathers their licences.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

const PACKAGES = "node_modules";
const FILES = {
  "react.js": "react/umd/react.production.min.js",
  "react-dom.js": "react-dom/umd/react-dom.production.min.js",
  "graphiql.js": "graphiql/graphiql.min.js",
  "graphiql.css": "graphiql/graphiql.min.css",
  "explorer.js": "@graphiql/plugin-explorer/dist/index.umd.js",
  "explorer.css": "@graphiql/plugin-explorer/dist/style.css",
};

// GraphiQL's bundle holds packages of its own, so every installed one is named.
async function installed() {
  const lock = JSON.parse(await readFile("package-lock.json", "utf8"));
  return Object.keys(lock.packages).filter((folder) => folder && !lock.packages[folder].dev);
}

async function licence(folder) {
  const { name, version, license, author } = JSON.parse(
    await readFile(path.join(folder, "package.json"), "utf8"),
  );
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? await readFile(path.join(folder, file), "utf8") : `Licence: ${license}`;
  const by = file || !author ? "" : `Author: ${author.name ?? author}\n`;
  return `${name} ${version}\n\n${by}${text.trim()}\n`;
}

await rm("dist", { recursive: true, force: true });
await mkdir("dist");
for (const [name, source] of Object.entries(FILES)) {
  await cp(path.join(PACKAGES, source), path.join("dist", name));
}
await cp("src", "dist", { recursive: true });
const texts = await Promise.all((await installed()).map(licence));
await writeFile("dist/LICENSES.txt", texts.join(`\n${"-".repeat(80)}\n\n`));
