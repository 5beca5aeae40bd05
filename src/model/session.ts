import * as onnx from "onnxruntime-node";

/** A tensor that a run takes. Integers are plain numbers here; 64-bit ones are made at the boundary. */
export type Feed =
  | { readonly type: "float32"; readonly data: Float32Array; readonly dims: readonly number[] }
  | {
      readonly type: "int32" | "int64";
      readonly data: readonly number[] | Int32Array;
      readonly dims: readonly number[];
    };

/** A float32 result with its shape. */
export interface Result {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** An input that is handed in unchanged many times: the cache. Its data may be written between runs. */
export interface Pinned {
  readonly tensor: onnx.Tensor;
}

/** A loaded graph. `run` blocks the calling thread. */
export interface Session {
  run(feeds: Readonly<Record<string, Feed | Pinned>>): Promise<Readonly<Record<string, Result>>>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Serialised graph. */
  readonly graph: Uint8Array;
  /** Folder of the weights file that the graph names. */
  readonly folder: string;
  /** Threads of one run; the runtime's choice (one a core) when absent. */
  readonly threads?: number;
}

/** Loads a graph whose weights lie in a file beside it. Throws when the runtime refuses it. */
export async function openSession({ graph, folder, threads }: SessionOptions): Promise<Session> {
  const session = await onnx.InferenceSession.create(graph, {
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    logSeverityLevel: 3,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    interOpNumThreads: 1,
    extra: { session: { model_external_initializers_file_folder_path: folder } },
  });
  return {
    async run(feeds) {
      const inputs: Record<string, onnx.Tensor> = {};
      for (const [name, feed] of Object.entries(feeds)) inputs[name] = "tensor" in feed ? feed.tensor : toTensor(feed);
      const outputs = await session.run(inputs);
      const results: Record<string, Result> = {};
      for (const [name, tensor] of Object.entries(outputs)) {
        if (!(tensor.data instanceof Float32Array)) throw new Error(`output "${name}" is not float32`);
        results[name] = { data: tensor.data, dims: tensor.dims };
      }
      return results;
    },
    close: () => session.release(),
  };
}

/** Wraps an array that stays in place between runs. */
export function pin(data: Float32Array, dims: readonly number[]): Pinned {
  return { tensor: new onnx.Tensor("float32", data, dims) };
}

/** Version of the runtime, for `lensgate check` and the build information metric. */
export const runtimeVersion: string = onnx.env.versions.common;

function toTensor(feed: Feed): onnx.Tensor {
  if (feed.type === "float32") return new onnx.Tensor("float32", feed.data, feed.dims);
  if (feed.type === "int32") return new onnx.Tensor("int32", Int32Array.from(feed.data), feed.dims);
  return new onnx.Tensor("int64", BigInt64Array.from(feed.data, BigInt), feed.dims);
}
