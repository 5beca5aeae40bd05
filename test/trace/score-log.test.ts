import { describeScoreLog } from "../conformance/score-log.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";

describeScoreLog("the embedded score log", async () => createScoreLog(openDatabase({ folder: temporaryFolder() })));
