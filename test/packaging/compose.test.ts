import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { gatewaySchema } from "../../src/config/schema.ts";
import { atRoot } from "../support/documents.ts";

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly network_mode?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly stop_grace_period?: string;
}

const read = (path: string) => readFileSync(atRoot(path), "utf8");
const file = parse(read("docker-compose.yml"), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: object;
};
const services = Object.entries(file.services);
/** The gateway's configuration with a key and a password in it. */
const gateway = gatewaySchema.parse(
  parse(
    read("deploy/gateway.yaml")
      .replace("@KEY_SHA256@", "0".repeat(64))
      .replace("@LEAD_PASSWORD@", () => `scrypt$32768$8$3$${"A".repeat(22)}$${"A".repeat(43)}`),
  ),
);
const service = (name: string) => file.services[name] as Service;
const mounts = services.flatMap(([name, { volumes = [] }]) =>
  volumes.map((text) => [name, ...text.split(":")] as [string, string, string, string | undefined]),
);

describe("docker-compose.yml", () => {
  it("has the five parts, and what draws the secrets", () => {
    expect(services.map(([name]) => name).toSorted()).toEqual(
      ["alertmanager", "first-start", "gateway", "grafana", "prometheus", "redis"].toSorted(),
    );
  });

  it.each(services)("%s is pinned, is not root, and can write nothing but its volumes", (_name, each) => {
    expect(each.image).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+(-[a-z]+)?$/);
    expect(each.user).toMatch(/^[1-9]\d*:\d+$/);
    expect(each.read_only).toBe(true);
    expect(each.cap_drop).toEqual(["ALL"]);
    expect(each.security_opt).toEqual(["no-new-privileges:true"]);
    expect(each.image).not.toContain("latest");
  });

  it.each(services.filter(([name]) => name !== "first-start"))(
    "%s starts again by itself and says how it is",
    (_name, each) => {
      expect(each.restart).toBe("unless-stopped");
      // The gateway's own is in the image.
      if (!each.image.startsWith("lensgate:")) expect(each.healthcheck?.test?.[0]).toMatch(/^CMD(-SHELL)?$/);
    },
  );

  it("publishes every port on loopback alone, and Redis nowhere", () => {
    const ports = services.flatMap(([, each]) => each.ports ?? []);
    expect(ports).toHaveLength(5);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    expect(service("redis")).toMatchObject({ networks: ["back"] });
    expect(service("redis").ports).toBeUndefined();
    expect(file.networks["back"]?.internal).toBe(true);
  });

  it("holds no secret: what is one comes from a file that the first start writes", () => {
    const values = services.flatMap(([, { environment = {} }]) => Object.entries(environment));
    for (const [name] of values) if (/KEY|PASSWORD|SECRET|TOKEN/.test(name)) expect(name).toMatch(/_FILE$/);
    expect(read("docker-compose.yml")).not.toMatch(/[0-9a-f]{24}|password:\s*\S/i);
    expect(service("first-start").network_mode).toBe("none");
    for (const name of ["gateway", "redis", "grafana"])
      expect(service(name).depends_on?.["first-start"]?.condition).toBe("service_completed_successfully");
  });

  it("mounts files that are there, and volumes that are declared and used", () => {
    const named = mounts.map(([, source]) => source).filter((source) => !source.startsWith("./"));
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(file.volumes).toSorted());
    for (const [, source, , mode] of mounts.filter(([, each]) => each.startsWith("./"))) {
      expect(existsSync(atRoot(source)), source).toBe(true);
      expect(mode).toBe("ro");
    }
  });

  it("gives the gateway longer to stop than its replies have", () => {
    const { timeouts } = gateway;
    expect(Number.parseInt(service("gateway").stop_grace_period ?? "", 10) * 1_000).toBeGreaterThan(
      timeouts.drain_ms + 5_000,
    );
  });

  it("runs the version that this is", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    expect(service("gateway").image).toBe(`lensgate:${version}`);
  });
});

describe("what the containers find in each other", () => {
  const prometheus = parse(read("dashboards/prometheus.yml")) as {
    readonly rule_files: readonly string[];
    readonly alerting: { readonly alertmanagers: readonly { readonly static_configs: readonly Targets[] }[] };
    readonly scrape_configs: readonly { readonly job_name: string; readonly static_configs: readonly Targets[] }[];
  };
  interface Targets {
    readonly targets: readonly string[];
  }
  const targetOf = (name: string, target: string) =>
    `${mounts.find(([each, , at]) => each === name && at === target)?.[1]}`;

  it("Prometheus scrapes a console that lets it in by that name, and finds its rules and Alertmanager", () => {
    const scraped = prometheus.scrape_configs.find(({ job_name: job }) => job === "lensgate")?.static_configs[0]
      ?.targets;
    expect(scraped).toEqual([`gateway:${gateway.console.port}`]);
    expect(gateway.console.allowed_hosts).toContain("gateway");
    expect(targetOf("prometheus", "/etc/prometheus/rules")).toBe("./rules");
    expect(prometheus.rule_files).toEqual(["/etc/prometheus/rules/*.rules.yml"]);
    expect(prometheus.alerting.alertmanagers[0]?.static_configs[0]?.targets).toEqual(["alertmanager:9093"]);
  });

  it("Grafana finds Prometheus and the dashboards", () => {
    const provider = parse(read("dashboards/provisioning/dashboards/lensgate.yaml")) as {
      readonly providers: readonly { readonly options: { readonly path: string } }[];
    };
    const path = provider.providers[0]?.options.path ?? "";
    expect(targetOf("grafana", path)).toBe("./dashboards");
    expect(service("grafana").environment?.["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).toBe(
      `${path}/lensgate-overview.json`,
    );
    expect(read("dashboards/provisioning/datasources/prometheus.yaml")).toContain("http://prometheus:9090");
  });

  it("the gateway finds Redis, its key and its password where the first start puts them", () => {
    expect(gateway.queue.redis.url).toBe("redis://redis:6379");
    const { command = [], volumes = [] } = service("first-start");
    const folder = command[command.indexOf("--folder") + 1] ?? "";
    const environment = service("gateway").environment ?? {};
    expect(environment["LENSGATE_TRACE_KEY_FILE"]).toBe(`${folder}/trace.key`);
    expect(environment["LENSGATE_REDIS_PASSWORD_FILE"]).toBe(`${folder}/redis.password`);
    expect(service("redis").command).toEqual(["redis-server", command[command.indexOf("--redis") + 1]]);
    expect(service("grafana").environment?.["GF_SECURITY_ADMIN_PASSWORD__FILE"]).toBe(
      command[command.indexOf("--grafana") + 1],
    );
    expect(volumes.map((text) => text.split(":")[0])).toEqual(["config", "redis-secret", "grafana-secret"]);
  });

  it("alerts have a receiver of the name that the route says", () => {
    const alertmanager = parse(read("deploy/alertmanager.yml")) as {
      readonly route: { readonly receiver: string; readonly routes: readonly { readonly receiver: string }[] };
      readonly receivers: readonly { readonly name: string }[];
    };
    const names = alertmanager.receivers.map(({ name }) => name);
    for (const { receiver } of [alertmanager.route, ...alertmanager.route.routes]) expect(names).toContain(receiver);
  });
});

const COMPOSE = "/usr/bin/docker-compose";

describe("Compose itself", () => {
  const title = "takes the file by its own schema";
  const takes = () => {
    const { status, stderr } = spawnSync(COMPOSE, ["-f", atRoot("docker-compose.yml"), "config", "--quiet"], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  };
  if (existsSync(COMPOSE)) test(title, takes);
  else if (process.env["CI"]) test(title, () => expect.unreachable(`${COMPOSE} is missing: install docker-compose`));
  else test.skip(`${title} (skipped: ${COMPOSE} is missing)`, takes);
});
