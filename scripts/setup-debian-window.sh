#!/usr/bin/env bash
# Installs what the window needs beyond scripts/setup-debian.sh on Debian or Ubuntu, if it is
# missing: the system's web view, a display without a screen for tests, and the page's tools.
# Expects Node 20.19 or newer. Safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup-debian.sh
source scripts/environment.sh

missing=()
need() { # package, then the check that it is there
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}
need libwebkit2gtk-4.1-dev pkg-config --exists webkit2gtk-4.1
need webkit2gtk-driver command -v WebKitWebDriver
need xvfb command -v Xvfb
need fonts-dejavu-core compgen -G '/usr/share/fonts/truetype/dejavu/*'
scripts/install-packages "${missing[@]}"

wanted=20.19
if ! command -v node >/dev/null 2>&1; then
  echo "setup: Node $wanted or newer is missing; install it from https://nodejs.org and run this again" >&2
  exit 1
fi
found=$(node --version | tr -d v)
if [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n1)" != "$wanted" ]; then
  echo "setup: Node $wanted or newer is needed and $found is there" >&2
  exit 1
fi

# The version that package.json names, beside the project's other tools.
pnpm=$(sed -n 's/.*"packageManager": "pnpm@\(.*\)".*/\1/p' package.json)
if [ "$(pnpm --version 2>/dev/null || true)" != "$pnpm" ]; then
  npm install --global --no-fund --loglevel error --prefix "$BRAINCELLS_CACHE/tools" "pnpm@$pnpm"
fi

# Nothing to do when the lock file is what is installed.
pnpm install --frozen-lockfile --loglevel error
