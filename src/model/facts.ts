/** What the rest of the gateway may know of the loaded model. */
export interface ModelFacts {
  /** Folder name under `models/`, the id on the API. */
  readonly name: string;
  /** sha256 of the model file, 64 hex digits. */
  readonly sha256: string;
  readonly precision: "fast" | "exact";
  /** Version of the prepared form and of the graph. */
  readonly formatVersion: number;
  readonly layers: number;
  readonly hidden: number;
  readonly vocabulary: number;
  /** Tokens that one request may hold, prompt and reply together. */
  readonly contextTokens: number;
}
