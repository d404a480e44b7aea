/** What the program says about the machine, as lines for the page and as text to be sent. */
import type { Doctor } from "~/ipc";
import { formatBytes, formatCount } from "~/lib/format";
import { fileName } from "~/lib/model-names";
import { text } from "./strings";

const words = text.diagnostics;

/** Lines that belong together. */
export interface ReportPart {
  title: string;
  lines: { label: string; value: string }[];
}

/** The report in parts. What the system does not tell is said to be unknown. */
export function reportParts(doctor: Doctor): ReportPart[] {
  const { memory_free_bytes: free, memory_total_bytes: total } = doctor;
  const memory =
    total === null ? words.unknown : free === null ? formatBytes(total) : words.free(free, total);
  const disk = doctor.disk_free_bytes;
  const defaultModel = doctor.default_model;
  return [
    {
      title: words.machine,
      lines: [
        { label: words.os, value: `${doctor.os}, ${doctor.arch}` },
        { label: words.cores, value: formatCount(doctor.physical_cores) },
        { label: words.memory, value: memory },
        { label: words.disk, value: disk === null ? words.unknown : formatBytes(disk) },
        ...doctor.devices.map((device) => ({
          label: words.devices,
          value: `${device.name}: ${device.description}, ${words.free(device.memory_free_bytes, device.memory_total_bytes)}`,
        })),
      ],
    },
    {
      title: words.engine,
      lines: [
        { label: words.willUse, value: doctor.will_use },
        {
          label: words.defaultModel,
          value: defaultModel === null ? words.none : fileName(defaultModel),
        },
        {
          label: words.models,
          value:
            doctor.models
              .map((model) => `${model.name} (${formatBytes(model.size_bytes)})`)
              .join("\n") || words.none,
        },
        { label: words.llama, value: [doctor.llama, ...doctor.llama_modules].join(", ") },
      ],
    },
    {
      title: words.data,
      lines: [
        { label: words.home, value: doctor.home },
        { label: words.duckdb, value: doctor.duckdb },
        { label: words.sheetMemory, value: formatBytes(doctor.sheet_memory_bytes) },
        { label: words.version, value: doctor.version },
      ],
    },
  ];
}

/** The report as text, problems first. */
export function reportText(doctor: Doctor): string {
  const problems =
    doctor.problems.length === 0
      ? [words.noProblems]
      : [words.problems(doctor.problems.length), ...doctor.problems.map((line) => `- ${line}`)];
  const parts = reportParts(doctor).map(({ title, lines }) =>
    [title, ...lines.map(({ label, value }) => `  ${label}: ${value.replaceAll("\n", ", ")}`)].join(
      "\n",
    ),
  );
  return [`Braincells ${doctor.version}`, problems.join("\n"), ...parts].join("\n\n");
}

/** Whether there is anything but processors to compute on. */
export function hasGpu(doctor: Doctor): boolean {
  return doctor.devices.some((device) => !/^cpu$/i.test(device.kind));
}
