import tickets from "../../../examples/tickets.csv?raw";
import type { World } from "./world";

export const HOME = "/home/you/.local/share/braincells";
export const DOWNLOADS = "/home/you/Downloads";

const PEOPLE = `name\tborn\tcity\tmember
Ada Lovelace\t1815-12-10\tLondon\ttrue
Grace Hopper\t1906-12-09\tNew York\ttrue
Emmy Noether\t1882-03-23\tErlangen\tfalse
Chien-Shiung Wu\t1912-05-31\tLiuhe\ttrue
Σοφία Παπαδοπούλου\t1990-07-01\tΑθήνα\tfalse`;

const ORDERS = `{"order": 1, "customer": "Ada", "total": 48.9, "items": ["fern", "pot"]}
{"order": 2, "customer": "Grace", "total": 14.5, "items": ["cactus"]}
{"order": 3, "customer": "Emmy", "total": null, "items": []}`;

const PRICES = `Artikel;Preis;Datum
Farn;"14,50";2026-09-01
Monstera;"48,90";2026-09-02
Übertopf;"9,00";2026-09-03`;

function bigTable(): string {
  const line = (_: unknown, at: number): string =>
    `${at + 1},city ${(at * 37) % 211},${((at * 7919) % 10_000) / 100},2026-0${1 + (at % 9)}-11`;
  return ["id,city,amount,day", ...Array.from({ length: 5000 }, line)].join("\n");
}

/** Puts the files on the make-believe disk that file dialogs and drops can name. */
export function fillDisk(world: World): void {
  const put = (
    name: string,
    content: Parameters<typeof world.disk.set>[1]["content"],
    bytes?: number,
  ) => {
    const path = `${DOWNLOADS}/${name}`;
    const sizeBytes = bytes ?? ("text" in content ? content.text.length : 48_211);
    world.disk.set(path, { path, sizeBytes, content });
  };
  put("tickets.csv", { text: tickets });
  put("people.tsv", { text: PEOPLE });
  put("orders.jsonl", { text: ORDERS });
  put("prices.csv", { text: PRICES });
  put("big.csv", { text: bigTable() }, 812_345_678);
  put("report.xlsx", { tables: { Orders: "order,total\n1,48.90\n2,14.50", People: "name\nAda" } });
  put("broken.csv", { text: "a,b,c\n1,2,3\n4,5\n6,7,8" });
  put("damaged.parquet", { unreadable: "the file ends before its footer" });
  put("photo.png", { unreadable: "it is a picture" });
}
