import type { ModelStatus } from "~/ipc";
import { formatBytes } from "~/lib/format";

/** What is said of models for MLX, which run on Apple Silicon. */
export const mlxWords = {
  title: "MLX models",
  hint: "Run by Apple’s MLX on this Mac",
  badge: "MLX",
  badgeHint: "Made for Apple’s MLX, which runs on Macs with Apple Silicon",
  legend: "Columns with “Local (MLX)” use the model that is chosen here",
  storage: (bytes: number) => `${formatBytes(bytes)} on this computer`,
  statuses: {
    available: "Not downloaded",
    downloading: "Downloading",
    downloaded: "Downloaded",
    loading: "Loading",
    ready: "Ready, in memory",
    running: "Working",
    failed: "Cannot be used",
  } satisfies Record<ModelStatus, string>,
  percent: (status: string, percent: number) => `${status} ${percent}%`,
  download: "Download",
  downloadOf: (name: string) => `Download ${name}`,
  deleteOf: (name: string) => `Delete ${name}`,
  deleteBody: (bytes: number, isSelected: boolean) =>
    `This frees ${formatBytes(bytes)}. It can be downloaded again. ${
      isSelected
        ? "Until then, columns with “Local (MLX)” keep their cells and get no new ones"
        : "Columns that use it keep their cells"
    }.`,
  notHere: "Download it first: until then cells keep their values",
  onItsWay: "It is on its way: until it is here cells keep their values",
  failed: "It cannot be used as it is: until that is mended cells keep their values",
  means: (title: string) => `“Local (MLX)” is ${title}`,
  toModels: "Open MLX models",
  option: "Local (MLX)",
  optionNone: "None is chosen",
} as const;
