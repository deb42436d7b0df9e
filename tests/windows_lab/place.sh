# shellcheck shell=bash
# Where the Windows lab is: sourced by build, run and installer/test.
# shellcheck disable=SC2034 # used there
root=${WINLAB:-/var/lib/madoguchi-winlab}

refuse() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}
say() { printf '\n==> %s\n' "$*"; }
