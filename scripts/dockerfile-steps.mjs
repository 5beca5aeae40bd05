// Reads a Dockerfile and runs its steps in a folder, as far as that goes without an image below them.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The steps of each stage, in order: `{ name, steps: [{ step, rest }] }`. */
export function readStages(path) {
  const lines = readFileSync(path, "utf8")
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages = [];
  for (const line of lines) {
    const [, step, rest] = /^(\w+)\s+(.*)$/.exec(line);
    if (step === "FROM") stages.push({ name: /\sAS\s+(\S+)/i.exec(rest)?.[1] ?? String(stages.length), steps: [] });
    stages.at(-1).steps.push({ step, rest });
  }
  return stages;
}

/** Files of the context: those that git knows, less what .dockerignore names. */
export function listContext(root) {
  const ignored = readFileSync(join(root, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const known = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  const isIgnored = (file) =>
    ignored.some((name) =>
      name.startsWith("*") ? file.endsWith(name.slice(1)) : file === name || file.startsWith(`${name}/`),
    );
  return known.split("\n").filter((file) => file !== "" && !isIgnored(file));
}

/** Runs the steps of one stage in `folder`, which stands for `/`. Returns what ENV, CMD and the like left. */
export function runStage({ stage, folder, context, root, stages, log }) {
  const image = { environment: {}, workdir: "/", user: undefined, entrypoint: [], command: [] };
  const inFolder = (path) => join(folder, path);
  for (const { step, rest } of stage.steps) {
    log(step, rest);
    if (step === "WORKDIR") {
      image.workdir = rest;
      mkdirSync(inFolder(rest), { recursive: true });
    } else if (step === "ENV") {
      for (const pair of rest.split(" ")) image.environment[pair.split("=")[0]] = pair.split("=")[1];
    } else if (step === "USER") image.user = rest.split(":").map(Number);
    else if (step === "ENTRYPOINT") image.entrypoint = JSON.parse(rest);
    else if (step === "CMD") image.command = JSON.parse(rest);
    else if (step === "COPY") copy({ rest, image, folder, context, root, stages });
    else if (step === "RUN") run({ rest, image, folder, log });
  }
  return image;
}

function copy({ rest, image, folder, context, root, stages }) {
  const words = rest.split(" ");
  const from = words[0].startsWith("--from=") ? words.shift().slice("--from=".length) : undefined;
  const target = words.pop();
  for (const source of words) {
    const isFolder = target.endsWith("/");
    const to = join(folder, image.workdir, isFolder ? join(target, basename(source)) : target);
    mkdirSync(dirname(to), { recursive: true });
    if (from !== undefined) cpSync(join(stages.get(from), source), to, { recursive: true, verbatimSymlinks: true });
    else copyContext({ source, to, context, root });
  }
}

function copyContext({ source, to, context, root }) {
  const files = context.filter((file) => file === source || file.startsWith(`${source}/`));
  if (files.length === 0) throw new Error(`COPY ${source}: the context has no such file`);
  for (const file of files) cpSync(join(root, file), file === source ? to : join(to, file.slice(source.length + 1)));
}

/** As the user of the image, where this process may become another. Paths of the image are those of the folder. */
function run({ rest, image, folder, log }) {
  const isRoot = process.getuid() === 0;
  if (/^(groupadd|useradd)\b/.test(rest) || (!isRoot && rest.startsWith("install -d -o"))) {
    log("  not run here", rest.split(" ")[0]);
    return;
  }
  const text = rest.replaceAll(/(?<= )\/(?=[a-z])/g, `${folder}/`);
  execFileSync("/bin/sh", ["-c", text], {
    cwd: join(folder, image.workdir),
    env: environmentOf(image, folder),
    stdio: ["ignore", "ignore", "inherit"],
    ...identityOf(image),
  });
}

/** The image's variables, its paths those of the folder. */
export function environmentOf(image, folder) {
  const own = Object.entries(image.environment).map(([name, value]) => [name, inImage(value, folder)]);
  return { PATH: process.env.PATH, HOME: join(folder, "tmp"), ...Object.fromEntries(own) };
}

/** A path of the image as one of this machine. */
export function inImage(value, folder) {
  return value.startsWith("/") ? join(folder, value) : value;
}

/** Who a process of the image is; this user, where it may not become another. */
export function identityOf(image) {
  return image.user !== undefined && process.getuid() === 0 ? { uid: image.user[0], gid: image.user[1] } : {};
}
