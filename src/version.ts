import { readFileSync } from "node:fs";
import { z } from "zod";

const schema = z.object({ version: z.string() });

/** Version of this checkout, from package.json beside the sources or the build. */
export const VERSION: string = schema.parse(
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")),
).version;
