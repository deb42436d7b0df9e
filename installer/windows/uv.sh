# shellcheck shell=bash
# What build-msi and lock share: a uv of their own, pinned by hash. Sourced with installer/windows as the working folder.
# shellcheck disable=SC2034 # for_windows is used there

for_windows=(--python-platform x86_64-pc-windows-msvc --python-version 3.13 --only-binary :all: --no-binary proxy-tools)

# get_uv FOLDER: install uv below it, from PyPI by pip's ordinary configuration; sets $uv.
get_uv() {
  /usr/bin/python3 -m venv "$1/uv"
  "$1/uv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r uv.txt
  uv=$1/uv/bin/uv
  export UV_NO_CONFIG=1 UV_CACHE_DIR=${UV_CACHE_DIR:-$1/cache}
  export UV_PYTHON=/usr/bin/python3 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
}
