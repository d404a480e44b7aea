#!/usr/bin/env bash
# Installs what building the core and the command line needs on Debian or Ubuntu, if it is missing.
# Expects Rust 1.95 or newer, Python 3 and gcc; needs no display and no GTK. Safe to run again:
# when nothing is missing it changes nothing and asks for no password.
set -euo pipefail

have_libclang() {
  ldconfig -p 2>/dev/null | grep -q 'libclang[-.0-9]*\.so' ||
    compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null ||
    compgen -G "${LIBCLANG_PATH:-/nonexistent}/libclang*.so*" >/dev/null
}

missing=()
need() { # package, then the check that it is there
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}
need build-essential command -v g++
need build-essential command -v make
need ccache command -v ccache
need clang command -v clang # its resource headers serve bindgen
need cmake command -v cmake
need git command -v git
need libclang-dev have_libclang
need ninja-build command -v ninja
need pkg-config command -v pkg-config
need python3 command -v python3
need python3-pip python3 -m pip --version

"$(dirname "${BASH_SOURCE[0]}")/install-packages" "${missing[@]}"

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
mkdir -p "$BRAINCELLS_CACHE/tools/ccache"
for compiler in c++ cc clang clang++ g++ gcc; do
  ln -sfn "$(command -v ccache)" "$BRAINCELLS_CACHE/tools/ccache/$compiler"
done

# Rust comes from rustup, not from apt: Debian's is too old.
wanted=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$BRAINCELLS_ROOT/src-tauri/Cargo.toml")
if ! command -v cargo >/dev/null 2>&1; then
  echo "setup: Rust $wanted or newer is missing; install it from https://rustup.rs and run this again" >&2
  exit 1
fi
found=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n1)" != "$wanted" ]; then
  echo "setup: Rust $wanted or newer is needed and $found is there; run: rustup update stable" >&2
  exit 1
fi
for component in rustfmt clippy; do
  if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
    rustup component add "$component"
  fi
done
