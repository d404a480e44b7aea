# Sourced by the other scripts and by anyone who wants cargo to reuse what they built:
#     source scripts/environment.sh
#
# It sets where things are cached and nothing that changes what is built: CC, CXX, RUSTFLAGS and
# the like are part of cargo's fingerprints, and touching them compiles DuckDB and llama.cpp again.

if [ -n "${BASH_SOURCE[0]:-}" ]; then
  BRAINCELLS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
else # zsh
  BRAINCELLS_ROOT=$(cd "$(dirname "$0")/.." && pwd)
fi
export BRAINCELLS_ROOT

# Everything that scripts keep between runs: compiled code, tools, the starter model.
export BRAINCELLS_CACHE="${BRAINCELLS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/braincells}"

# Outside the checkout, so that a fresh clone does not compile 50 CPU-minutes of C++ again.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$BRAINCELLS_CACHE/target}"

export STARTER_MODEL="$BRAINCELLS_CACHE/models/SmolLM2-135M-Instruct.Q4_1.gguf"

# ccache's stand-ins for the compilers must be found before the real ones. They are ours: Debian's
# own folder of them lacks `c++`, which DuckDB is compiled with, where ccache came first.
case ":$PATH:" in
  *":$BRAINCELLS_CACHE/tools/ccache:"*) ;;
  *) PATH="$BRAINCELLS_CACHE/tools/ccache:$PATH" ;;
esac
case ":$PATH:" in
  *":$BRAINCELLS_CACHE/tools/bin:"*) ;;
  *) PATH="$PATH:$BRAINCELLS_CACHE/tools/bin" ;;
esac
# rustup's default place, for shells that were started before Rust was installed.
if ! command -v cargo >/dev/null 2>&1 && [ -x "$HOME/.cargo/bin/cargo" ]; then
  PATH="$HOME/.cargo/bin:$PATH"
fi
export PATH
