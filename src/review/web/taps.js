/** The sublayer of a tap: `23.attn_out` → `attn_out`. */
export const kindOf = (tap) => tap.split(".")[1] ?? tap;

/** What the page calls the sublayers. */
export const KIND_NAMES = {
  attn_out: "attention",
  mlp_out: "MLP",
  resid_post: "stream",
  resid_mid: "mid-stream",
};
