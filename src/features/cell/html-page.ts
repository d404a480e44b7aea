/** A cell's HTML as a document for a frame that may do nothing. */

/** Longer pages are not drawn. */
export const LONGEST_PAGE = 1_000_000;

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * The document for `srcdoc` of a frame with `sandbox=""`. The policy stands before everything the
 * cell says, and a parser that met it never forgets it: no script, no request, whatever follows.
 */
export function framedPage(html: string): string {
  return [
    "<!doctype html><html><head>",
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="referrer" content="no-referrer">',
    // Links of the page open nothing: the frame may not open windows.
    '<base target="_blank">',
    "<style>html{background:#fff;color:#111;font:14px system-ui,sans-serif}body{margin:12px}",
    "img,table{max-width:100%}</style></head><body>",
    html,
  ].join("");
}
