#!/usr/bin/env bash
# Proves the walls between the crates: who may depend on whom, and that nothing at or below the
# command line knows a window toolkit. Prints the offending path.
#
#     scripts/check-layers.sh                checks, after checking that the check can fail
#     scripts/check-layers.sh --only FOLDER  checks the workspace in FOLDER
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

# Edge table: crate, then the workspace crates it may depend on. A crate that is not listed fails.
# `testing` may be anyone's dev-dependency and nobody's dependency.
allowed_edges='
core
data: core
llm: core models
models: core
mlx: core llm
workbench: core data llm mlx models
cli: core workbench
testing: core data llm mlx models workbench
app: core workbench
'
windowing='tauri|tauri-.*|wry|tao|webkit2gtk.*|gtk|gtk-sys|gtk3-.*'
database='duckdb|libduckdb-sys|rusqlite|libsqlite3-sys'
llama='llama-cpp-2|llama-cpp-sys-2'
mlx='mlx-rs|mlx-sys'
inference="$llama|$mlx"

check_edges() { # workspace folder
  (cd "$1" && cargo metadata --offline --no-deps --format-version 1) |
    ALLOWED_EDGES=$allowed_edges python3 -c '
import json, os, sys

allowed = {}
for line in os.environ["ALLOWED_EDGES"].split("\n"):
    if line.strip():
        crate, _, below = line.partition(":")
        allowed[crate.strip()] = set(below.split())

def reach(crate):
    below = set(allowed.get(crate, ()))
    return below.union(*(reach(other) for other in below))

short = lambda name: name.removeprefix("braincells-")
problems = []
packages = json.load(sys.stdin)["packages"]
members = {package["name"] for package in packages}
for package in packages:
    crate = short(package["name"])
    if crate not in allowed:
        problems.append(f"{crate}: is not in the edge table of scripts/check-layers.sh")
        continue
    for dependency in package["dependencies"]:
        if dependency["name"] not in members:
            continue
        other, kind = short(dependency["name"]), dependency["kind"] or "normal"
        # A test may look through the layers below its crate, never above them.
        fine = reach(crate) | {"testing", crate} if kind == "dev" else allowed[crate]
        if other not in fine:
            problems.append(f"{crate} -> {other} ({kind} dependency)")
for problem in problems:
    print(f"check-layers: forbidden edge: {problem}", file=sys.stderr)
sys.exit(1 if problems else 0)
'
}

# Every platform and feature counts, except where the crate is looked at with named features.
check_absent() { # workspace folder, crate, pattern, why, cargo tree options
  local folder=$1 crate=$2 pattern=$3 why=$4 tree found
  shift 4
  [ "$crate" = app ] || [ -d "$folder/crates/$crate" ] || return 0
  if ! tree=$(cd "$folder" && cargo tree --offline -p "braincells-$crate" \
    -e normal,build --target all --prefix none --format '{p}' "$@"); then
    echo "check-layers: cargo tree failed for $crate" >&2
    return 1
  fi
  # The tree's first word is the crate's name.
  found=$(cut -d' ' -f1 <<<"$tree" | sort -u | grep -Ex "$pattern" || true)
  [ -n "$found" ] || return 0
  for name in $found; do
    echo "check-layers: $crate must not contain $name: $why" >&2
    (cd "$folder" && cargo tree --offline -p "braincells-$crate" -e normal,build --target all \
      "$@" -i "$name" --depth 8 >&2) || true
  done
  return 1
}

check() { # workspace folder
  local folder=$1 failed=0
  check_edges "$folder" || failed=1
  check_absent "$folder" core "$windowing|$database|$inference" 'the nouns build in seconds' --all-features || failed=1
  check_absent "$folder" models "$windowing|$database|$inference" 'it reads headers, it runs nothing' --all-features || failed=1
  check_absent "$folder" data "$windowing|$inference" 'storage knows no engine' --all-features || failed=1
  check_absent "$folder" llm "$windowing|$database" 'engines know no storage' --all-features || failed=1
  check_absent "$folder" llm "$inference" 'prompts and planning build without C++' --no-default-features || failed=1
  check_absent "$folder" cli "$windowing" 'the command line runs without a display' --all-features || failed=1
  check_absent "$folder" cli "$mlx" 'MLX lives in its helper: its symbols collide with llama.cpp' --all-features || failed=1
  check_absent "$folder" app "$mlx" 'MLX lives in its helper: its symbols collide with llama.cpp' --all-features || failed=1
  check_absent "$folder" mlx "$mlx" 'an ordinary build never compiles MLX' || failed=1
  check_absent "$folder" mlx "$windowing|$database|$llama" 'the helper has one engine and nothing else' --all-features || failed=1
  return $failed
}

# A copy of the workspace's manifests, to put a forbidden edge into.
copy_manifests() { # workspace folder, target folder
  local manifest crate
  cp "$1/Cargo.toml" "$1/Cargo.lock" "$2/"
  mkdir -p "$2/src"
  touch "$2/src/lib.rs" "$2/src/main.rs" "$2/build.rs"
  for manifest in "$1"/crates/*/Cargo.toml; do
    crate=$(basename "$(dirname "$manifest")")
    mkdir -p "$2/crates/$crate/src"
    cp "$manifest" "$2/crates/$crate/"
    # Empty sources: the manifests may name them.
    touch "$2/crates/$crate/src/lib.rs" "$2/crates/$crate/src/main.rs"
    (cd "$1/crates/$crate" && find . -name '*.rs' \( -path './tests/*' -o -path './src/bin/*' -o -path './examples/*' -o -path './benches/*' \) -print0) |
      (cd "$2/crates/$crate" && while IFS= read -r -d '' file; do mkdir -p "$(dirname "$file")" && touch "$file"; done)
  done
}

add_dependency() { # manifest, line
  awk -v line="$2" '{ print } $0 == "[dependencies]" { print line }' "$1" >"$1.new"
  mv "$1.new" "$1"
}

expect_failure() { # workspace folder, text that the report must contain, what was planted
  local report
  if report=$(check "$1" 2>&1); then
    echo "check-layers: the check is broken: it did not see $3" >&2
    return 1
  fi
  if ! grep -qF -- "$2" <<<"$report"; then
    printf 'check-layers: the check is broken: it failed without naming %s:\n%s\n' "$3" "$report" >&2
    return 1
  fi
}

check_itself() {
  local scratch
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder's name is known now
  trap "rm -rf '$scratch'" EXIT
  mkdir "$scratch/edge" "$scratch/window" "$scratch/testing"

  copy_manifests "$BRAINCELLS_ROOT/src-tauri" "$scratch/edge"
  add_dependency "$scratch/edge/crates/data/Cargo.toml" 'braincells-llm.workspace = true'
  expect_failure "$scratch/edge" 'data -> llm' 'an edge from data to llm'

  copy_manifests "$BRAINCELLS_ROOT/src-tauri" "$scratch/testing"
  add_dependency "$scratch/testing/crates/cli/Cargo.toml" 'braincells-testing.workspace = true'
  expect_failure "$scratch/testing" 'cli -> testing' 'the test kit in the shipped command line'

  copy_manifests "$BRAINCELLS_ROOT/src-tauri" "$scratch/window"
  mkdir -p "$scratch/window/wry/src"
  printf '[package]\nname = "wry"\nversion = "0.0.0"\nedition = "2024"\n' >"$scratch/window/wry/Cargo.toml"
  touch "$scratch/window/wry/src/lib.rs"
  awk '{ print } /^members = / { print "exclude = [\"wry\"]" }' "$BRAINCELLS_ROOT/src-tauri/Cargo.toml" >"$scratch/window/Cargo.toml"
  add_dependency "$scratch/window/crates/core/Cargo.toml" 'wry = { path = "../../wry" }'
  expect_failure "$scratch/window" 'cli must not contain wry' 'a window toolkit under the command line'
}

if [ "${1:-}" = --only ]; then
  check "${2:?--only needs the folder of a workspace}"
else
  # `cargo tree` reads the manifests of all platforms' crates, which a build does not download.
  (cd "$BRAINCELLS_ROOT/src-tauri" && cargo fetch --locked --quiet)
  check_itself
  check "$BRAINCELLS_ROOT/src-tauri"
  echo 'check-layers: every edge is allowed'
fi
