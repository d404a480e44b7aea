// node-llama-cpp as a peer: its prebuilt binary, its defaults, many sequences of one context.
// Reads one object from the file that is named: {model, sequences, threads, context, warmUp, rows},
// rows with {tokens, maxTokens, grammar, stops}. Writes the answers and the figures to stdout as JSON.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const entry = join(folder, "node_modules/node-llama-cpp/dist/index.js");
const { getLlama, LlamaCompletion, LlamaLogLevel } = await import(pathToFileURL(entry).href);
const work = JSON.parse(readFileSync(file, "utf8"));

const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath: work.model });
const context = await model.createContext({
  sequences: work.sequences,
  contextSize: work.context,
  ...(work.threads ? { threads: work.threads } : {}),
  flashAttention: true,
});
const completions = Array.from(
  { length: work.sequences },
  () => new LlamaCompletion({ contextSequence: context.getSequence() }),
);
const grammars = new Map();
for (const { grammar } of work.rows) {
  if (grammar && !grammars.has(grammar)) {
    grammars.set(grammar, await llama.createGrammar({ grammar }));
  }
}
const addsFirst = model.tokens.shouldPrependBosToken;

async function answerAll(rows) {
  const answers = rows.map(() => null);
  let next = 0;
  const begin = performance.now();
  await Promise.all(
    completions.map(async (completion) => {
      while (next < rows.length) {
        const at = next++;
        const { tokens, maxTokens, grammar, stops } = rows[at];
        let generated = 0;
        try {
          const content = await completion.generateCompletion(
            addsFirst && tokens[0] === model.tokens.bos ? tokens.slice(1) : tokens,
            {
              maxTokens,
              temperature: 0,
              repeatPenalty: false,
              grammar: grammar ? grammars.get(grammar) : undefined,
              customStopTriggers: stops?.length ? stops : undefined,
              onToken: (made) => {
                generated += made.length;
              },
            },
          );
          const seconds = (performance.now() - begin) / 1000;
          answers[at] = { content, completion_tokens: generated, seconds };
        } catch (error) {
          answers[at] = { error: String(error) };
        }
      }
    }),
  );
  return { answers, seconds: (performance.now() - begin) / 1000 };
}

await answerAll(work.warmUp);
const cpuBefore = process.cpuUsage();
const { answers, seconds } = await answerAll(work.rows);
const cpu = process.cpuUsage(cpuBefore);
const status = readFileSync("/proc/self/status", "utf8");
const done = answers.filter((answer) => answer?.content !== undefined);
process.stdout.write(
  JSON.stringify({
    answers,
    figures: {
      rows: work.rows.length,
      seconds,
      rows_per_second: work.rows.length / seconds,
      first_cell_seconds: done.length ? Math.min(...done.map((answer) => answer.seconds)) : null,
      failed: work.rows.length - done.length,
      completion_tokens: done.reduce((sum, answer) => sum + answer.completion_tokens, 0),
      cpu_seconds: (cpu.user + cpu.system) / 1e6,
      peak_rss_bytes: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) * 1024,
      build: `${llama.cpuMathCores} threads, ${llama.systemInfo}`,
    },
  }),
);
process.exit(0);
