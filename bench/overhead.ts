// What oversight costs on the forward pass: the same as `lensgate bench`, from the sources.
//
//   npx tsx bench/overhead.ts [--rounds 60] [--context 200] [--config gateway.yaml]
import { parseArgs } from "node:util";
import { bench } from "../src/cli/bench.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "60" },
    context: { type: "string", default: "200" },
    config: { type: "string", default: "gateway.yaml" },
  },
});
const { rounds, context, config } = values;
console.log(await bench({ config, rounds: Number(rounds), context: Number(context), json: false }));
