import { createGraphBuilder, type GraphBuilder } from "../../src/model/graph-builder.ts";
import { encodeModel } from "../../src/model/onnx-format.ts";
import { WEIGHTS_FILE, type PreparedModel } from "../../src/model/prepared.ts";
import { openSession, type Feed, type Result } from "../../src/model/session.ts";

/** Builds a graph over prepared weights, runs it once and closes it. */
export async function runGraph(
  model: PreparedModel,
  build: (graph: GraphBuilder) => void,
  feeds: Readonly<Record<string, Feed>>,
): Promise<Readonly<Record<string, Result>>> {
  const graph = createGraphBuilder(model.manifest.tensors, WEIGHTS_FILE);
  build(graph);
  const session = await openSession({ graph: encodeModel(graph.finish()), folder: model.folder });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}
