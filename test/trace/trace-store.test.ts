import { describeTraceStore } from "../conformance/trace-store.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";

describeTraceStore("the embedded trace store", () => {
  const folder = temporaryFolder();
  const open = async () => createTraceStore(openDatabase({ folder }));
  return { open, reopen: open };
});
