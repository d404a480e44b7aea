import { describe, expect, it } from "vitest";
import type { Doctor, Licence } from "~/ipc";
import { foundLicences, hasText, shortLicence } from "./licences";
import { hasGpu, reportParts, reportText } from "./report";

const doctor: Doctor = {
  version: "0.1.0",
  os: "Debian 13",
  arch: "x86_64",
  physical_cores: 8,
  memory_total_bytes: null,
  memory_free_bytes: null,
  home: "/home/a/braincells",
  disk_free_bytes: null,
  models: [
    {
      name: "Small.gguf",
      path: "/m/Small.gguf",
      size_bytes: 1_500_000_000,
      runtime: "gguf" as const,
      linked: false,
      tuned: null,
      used_at_ms: null,
      status: "downloaded" as const,
      error: null,
      repository: null,
      parts: 1,
      app: null,
      is_local_mlx: false,
    },
  ],
  default_model: "/m/Small.gguf",
  devices: [
    {
      name: "CPU",
      description: "8 cores",
      kind: "cpu",
      memory_total_bytes: 32e9,
      memory_free_bytes: 20e9,
    },
  ],
  llama: "b9000",
  llama_modules: ["libggml-cpu-haswell.so"],
  mlx: false,
  duckdb: "v1.5.0",
  sheet_memory_bytes: 8e9,
  will_use: "the CPU with 8 threads",
  problems: [],
};

describe("the report", () => {
  it("says what is not known instead of guessing", () => {
    const machine = reportParts(doctor)[0]?.lines ?? [];
    expect(machine.find((line) => line.label === "Memory")?.value).toBe("Not known");
  });

  it("begins with the problems", () => {
    const broken = { ...doctor, problems: ["there is no model"], default_model: null };
    const text = reportText(broken);
    expect(text.indexOf("there is no model")).toBeLessThan(text.indexOf("Machine"));
    expect(text).toContain("Model unless told: None");
    expect(reportText(doctor)).toContain("Everything that a run needs is there");
    expect(reportText(doctor)).toContain("b9000, libggml-cpu-haswell.so");
  });

  it("knows a machine without a graphics processor", () => {
    expect(hasGpu(doctor)).toBe(false);
    const [cpu] = doctor.devices;
    expect(cpu && hasGpu({ ...doctor, devices: [cpu, { ...cpu, kind: "integrated_gpu" }] })).toBe(
      true,
    );
  });
});

describe("licences", () => {
  const licences: Licence[] = [
    { name: "tokio", version: "1.52.0", licence: "MIT" },
    { name: "duckdb", version: "1.5.0", licence: "MIT License\n\nCopyright …" },
    { name: "tauri", version: "2.12.5", licence: "Apache-2.0 OR MIT" },
  ];

  it("are found by name and by licence, sorted", () => {
    expect(foundLicences(licences, "").map((found) => found.name)).toEqual([
      "duckdb",
      "tauri",
      "tokio",
    ]);
    expect(foundLicences(licences, "apache").map((found) => found.name)).toEqual(["tauri"]);
    expect(foundLicences(licences, "mit to").map((found) => found.name)).toEqual(["tokio"]);
    expect(foundLicences(licences, "gpl")).toEqual([]);
  });

  it("are short on their line and whole when there is more", () => {
    expect(licences.map(shortLicence)).toEqual(["MIT", "MIT License", "Apache-2.0 OR MIT"]);
    expect(licences.map(hasText)).toEqual([false, true, false]);
  });
});
